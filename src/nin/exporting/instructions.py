"""How to use an exported file: the lines that open it, and what a picture needs first."""

from __future__ import annotations

import shlex
from pathlib import Path

from nin.data.decoding.decode import ResizeMode
from nin.inference.input_spec import InputSpec

#: Lines that open a file, by format; a web page is opened from a server.
_LOAD = {
    "onnx": ("import onnxruntime", "session = onnxruntime.InferenceSession({})"),
    "openvino": ("import openvino", "model = openvino.Core().compile_model({} + '/model.xml')"),
    "litert": (
        "from ai_edge_litert.interpreter import Interpreter",
        "run = Interpreter({}).get_signature_runner()",
    ),
    "savedmodel": ("import tensorflow", "model = tensorflow.saved_model.load({})"),
}


def how_to_load(path: Path, to: str) -> tuple[str, ...]:
    """Lines of Python that open an exported file in the most usual program for it.

    For ``"web"``: lines of a shell that serve the page.
    """
    if to == "web":
        return (f"cd {shlex.quote(str(path))}", "python3 -m http.server")
    return tuple(line.replace("{}", repr(str(path))) for line in _LOAD[to])


def how_to_prepare(form: InputSpec, resize_mode: ResizeMode) -> str:
    """How to prepare a picture for an exported network, and the shape and type that it takes."""
    colours = "grey" if form.channels == 1 else "RGB (transparent areas filled with white)"
    shape = f"images ({', '.join(map(str, form.shape))}), {form.dtype}"
    if form.size is None:
        return f"takes {shape}: {colours}, of any size, values from 0 to 255"
    part = "all of it" if resize_mode == "squash" else "the largest square in its middle"
    return (
        f"takes {shape}: {colours}, {part} resized to {form.size}x{form.size} (bicubic with"
        " antialiasing), values from 0 to 255"
    )
