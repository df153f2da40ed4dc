"""A writer per format: a run and its description in, a file or folder out."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nin import backends
from nin.errors import ExportError
from nin.inference.engines import FORMATS
from nin.inference.metadata import DESCRIPTION_FILE, EXTRA_FOLDER, KEY
from nin.inference.outputs import Images

if TYPE_CHECKING:
    from nin.training import Run

Description = dict[str, Any]


def write_onnx(run: Run, description: Description, path: Path) -> None:
    """An ``.onnx`` file: the same, byte for byte, from every backend."""
    path.write_bytes(onnx_bytes(run, description))


def write_onnx_to_quantize(run: Run, description: Description, path: Path) -> None:
    """An ``.onnx`` file in a version that also has the operators of a quantised file."""
    from nin.onnx_graph.graph import QUANTIZED_OPSET

    path.write_bytes(onnx_bytes(run, description, QUANTIZED_OPSET))


def onnx_bytes(run: Run, description: Description, *opset: int) -> bytes:
    """The content of an ``.onnx`` file."""
    from nin.exporting.onnx.model import to_onnx

    return bytes(to_onnx(run.model, description, *opset).SerializeToString(deterministic=True))


def write_openvino(run: Run, description: Description, path: Path) -> None:
    """A folder with OpenVINO's two files, made from the ONNX graph."""
    from nin.inference.engines.openvino_engine import openvino

    runtime = openvino()
    model = runtime.Core().read_model(io.BytesIO(onnx_bytes(run, description)))
    model.set_rt_info(json.dumps(description), [KEY])
    path.mkdir()
    runtime.save_model(model, path / FORMATS["openvino"].marker, compress_to_fp16=False)


def write_savedmodel(run: Run, description: Description, path: Path) -> None:
    """TensorFlow's SavedModel, its serving function named ``serve``."""
    _require_tensorflow()
    import keras

    from nin.exporting.servable import Servable

    servable = Servable(run.model, run.input_shape, description["maps"], description["fit"])
    shape = (None, None, None, run.input_shape[2])
    images = keras.InputSpec(shape=shape, dtype="uint8", name="images")
    with _quiet():
        servable.export(str(path), "tf_saved_model", input_signature=[images], verbose=False)
    note = path / EXTRA_FOLDER / DESCRIPTION_FILE
    note.parent.mkdir()
    note.write_text(json.dumps(description), encoding="utf-8")


def write_litert(
    run: Run,
    description: Description,
    path: Path,
    quantize: str | None = None,
    images: Images | None = None,
) -> None:
    """A ``.tflite`` file, with the labels and the description appended to the network.

    Args:
        run: a trained run.
        description: of what is exported, with a form of fixed size.
        path: the file.
        quantize: None, ``"float16"`` or ``"int8"``.
        images: to calibrate ``"int8"`` on.
    """
    _require_tensorflow()
    from nin.exporting.litert.tflite_metadata import described
    from nin.exporting.litert.tflite_model import tflite_bytes

    with _quiet():
        content = tflite_bytes(run, description, quantize, images)
    path.write_bytes(described(content, description))


#: Format → its writer.
WRITERS: dict[str, Callable[[Run, Description, Path], None]] = {
    "onnx": write_onnx,
    "openvino": write_openvino,
    "litert": write_litert,
    "savedmodel": write_savedmodel,
}


def _require_tensorflow() -> None:
    if (backend := backends.choose()) != "tensorflow":
        raise ExportError(
            f"only TensorFlow writes this format, and Keras runs on {backend}: do the same with"
            " KERAS_BACKEND=tensorflow (a run opens on any backend)"
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence Keras and its converters, which report what they do on every channel there is."""
    names = ("tensorflow", "absl")
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
