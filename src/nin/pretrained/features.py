"""`FeatureExtractor`: the features of a frozen trunk, computed by ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from nin.errors import DataError, first_line
from nin.pretrained.trunk import EPSILON, Layer, Trunk

Features = NDArray[np.float32]

#: What the trunks were trained on is ``(x - MEAN) / STD`` of pixels x from 0 to 255.
MEAN, STD = 127.0, 128.0
_IR_VERSION, _OPSET = 9, 17


class FeatureExtractor:
    """A trunk that returns the mean of each of its last feature maps.

    A network whose head is one 1×1 convolution and the average over positions may as well average
    first: its logits are linear in these features.

    Args:
        trunk: with its weights.
        threads: how many to use; 0 for one per core.
    """

    def __init__(self, trunk: Trunk, threads: int = 0) -> None:
        import onnxruntime as runtime

        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Threads that spin while they wait take the cores from those that decode.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = runtime.InferenceSession(
            to_onnx(trunk).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.channels = trunk.channels

    def __call__(self, images: NDArray[np.uint8]) -> Features:
        """Photographs (n, height, width, 3), uint8 → features (n, channels).

        Raises:
            DataError: they cannot be computed, usually because memory is too small.
        """
        try:
            [features] = self._session.run(None, {"images": images})
        except Exception as error:  # whatever the runtime raises where it cannot allocate
            n, height, width, _ = images.shape
            raise DataError(
                f"features of {n} images of {height}×{width} could not be computed; if memory is"
                f" too small, lower image_size: {first_line(error)}"
            ) from error
        return np.asarray(features, np.float32)


def to_onnx(trunk: Trunk) -> Any:
    """The trunk as an ``onnx.ModelProto``: ``images`` (n, height, width, 3) uint8 → ``features``.

    Each batch normalisation is part of its convolution's kernel and bias.
    """
    nodes: list[Any] = []
    arrays: list[Any] = []

    def add(operation: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operation}{len(nodes)}"
        nodes.append(helper.make_node(operation, inputs, [name], name, **attributes))
        return name

    def constant(name: str, values: Any) -> str:
        arrays.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def convolution(layer: Layer, x: str) -> str:
        kernel, bias = folded(layer)
        number = layer.conv.number
        names = (constant(f"kernel{number}", kernel), constant(f"bias{number}", bias))
        x = add("Conv", x, *names, **_window(layer))
        return add("Clip", x, "zero", "six") if layer.conv.relu6 else x

    x = add("Cast", "images", to=TensorProto.FLOAT)
    x = add("Div", add("Sub", x, constant("mean", MEAN)), constant("std", STD))
    x = add("Transpose", x, perm=[0, 3, 1, 2])
    constant("zero", 0.0), constant("six", 6.0)
    layers = iter(trunk.layers)
    for block in trunk.layout.blocks:
        y = x
        for _ in block.convolutions:
            y = convolution(next(layers), y)
        x = add("Add", y, x) if block.adds else y
    nodes.append(helper.make_node("ReduceMean", [x], ["features"], axes=[2, 3], keepdims=0))
    sides = ["n", "height", "width", 3]
    graph = helper.make_graph(
        nodes,
        trunk.name,
        [helper.make_tensor_value_info("images", TensorProto.UINT8, sides)],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", trunk.channels])],
        arrays,
    )
    opset = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


def folded(layer: Layer) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A convolution and its batch normalisation as one kernel, as ONNX lays it out, and a bias."""
    scale = layer.gamma / np.sqrt(layer.variance + EPSILON)
    order = (2, 3, 0, 1) if layer.conv.depthwise else (3, 2, 0, 1)
    kernel = np.ascontiguousarray(layer.kernel.transpose(order))
    return kernel * scale[:, None, None, None], layer.beta - layer.mean * scale


def _window(layer: Layer) -> dict[str, Any]:
    height, width = layer.kernel.shape[:2]
    return {
        "auto_pad": "SAME_UPPER",
        "group": layer.kernel.shape[2] if layer.conv.depthwise else 1,
        "kernel_shape": [height, width],
        "strides": [layer.conv.strides] * 2,
    }
