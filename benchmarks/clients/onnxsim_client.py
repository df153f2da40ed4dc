"""onnxsim: the file with its constants folded, which many converters ask for first."""

from __future__ import annotations

from pathlib import Path

from clients import Form, RefusedError
from clients.onnxruntime_client import open_file

__all__ = ["convert", "open_file"]


def convert(path: Path, form: Form, folder: Path) -> Path:
    import onnx
    import onnxsim

    model, is_equal = onnxsim.simplify(onnx.load(path))
    if not is_equal:
        raise RefusedError("what it made answers otherwise, it says")
    made = folder / "simplified.onnx"
    onnx.save(model, made)
    return made
