"""onnxslim: the same idea as onnxsim, in Python."""

from __future__ import annotations

from pathlib import Path

from clients import Form
from clients.onnxruntime_client import open_file

__all__ = ["convert", "open_file"]


def convert(path: Path, form: Form, folder: Path) -> Path:
    import onnxslim

    made = folder / "slim.onnx"
    onnxslim.slim(str(path), str(made))
    return made
