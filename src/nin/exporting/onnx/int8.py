"""An ONNX file whose convolutions and dense layers compute in eight bits."""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
from onnx import helper, numpy_helper

from nin.exporting.onnx.onnx_preprocessing import SCOPE
from nin.inference.input_spec import InputSpec
from nin.inference.metadata import KEY
from nin.inference.outputs import Images

#: Operators that compute in eight bits; the global average does not.
_KINDS = ("Conv", "Gemm", "Relu", "Clip", "MaxPool", "AveragePool", "Add", "Concat")


def quantize(source: Path, out: Path, images: Images) -> None:
    """Write an ONNX file whose convolutions and dense layers compute in eight bits.

    Static quantisation: the ranges of activations are those found on `images`, and weights have a
    range per channel. Preprocessing and the global average stay in floats.

    Args:
        source: an exported ``.onnx`` file.
        out: the file to write.
        images: (n, h, w, c), uint8, such as the network was trained on.
    """
    model = onnx.load(str(source))
    description = json.loads(model.metadata_props[0].value)
    with tempfile.TemporaryDirectory() as folder, _without_advice():
        _quantize(source, Path(folder), out, _Calibration(images, description))
    after = onnx.load(str(out))
    _leave_out_zero_points(after)
    _keep_from_mnn(after)
    # Marked as int8, so that it is never opened in place of the run itself.
    description |= {"quantization": "int8", "complete": False}
    helper.set_model_props(after, {KEY: json.dumps(description)})
    onnx.checker.check_model(after)
    out.write_bytes(after.SerializeToString(deterministic=True))


def _quantize(source: Path, folder: Path, out: Path, calibration: _Calibration) -> None:
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = folder / "prepared.onnx"
    # Optimisation would remove the shape by which programs refuse pictures of another size.
    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True, skip_optimization=True)
    nodes = onnx.load(str(prepared)).graph.node
    quantize_static(
        str(prepared),
        str(out),
        calibration,
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        nodes_to_quantize=[node.name for node in nodes if _is_in_eight_bits(node)],
    )


def _is_in_eight_bits(node: Any) -> bool:
    return node.op_type in _KINDS and not node.name.startswith(f"{SCOPE}/")


def _leave_out_zero_points(model: Any) -> None:
    """Leave out the zero points of weights, which are all zero.

    With them, OpenCV 5 mistakes a convolution's weights for others, and predicts nonsense.
    """
    constants = {each.name: each for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "DequantizeLinear" or node.input[0] not in constants:
            continue
        if not numpy_helper.to_array(constants[node.input[2]]).any():
            del node.input[2]
    used = {name for node in model.graph.node for name in node.input}
    for name in constants.keys() - used:
        model.graph.initializer.remove(constants[name])


def _keep_from_mnn(model: Any) -> None:
    """Put a Sum of one tensor before the softmax: it changes nothing, but MNN refuses it.

    MNN loses track of the order of channels after activations in eight bits, and would predict
    nonsense without a warning.
    """
    nodes = model.graph.node
    [place] = [place for place, node in enumerate(nodes) if node.op_type == "Softmax"]
    [logits] = nodes[place].input
    total = "Sum1"
    nodes[place].input[0] = total
    nodes.insert(place, helper.make_node("Sum", [logits], [total], total))


class _Calibration:
    """Calibration batches for ONNX Runtime, in the form that the file takes."""

    def __init__(self, images: Images, description: dict[str, Any]) -> None:
        form = InputSpec.of(description) or InputSpec(description["input_shape"][2])
        self._batches = form.batches(images, description["fit"], most=32)

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"images": batch}


@contextlib.contextmanager
def _without_advice() -> Iterator[None]:
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
