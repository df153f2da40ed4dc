"""ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def ask(pixels: Any) -> Any:
        return session.run(["probabilities"], {"images": form.batch(pixels)})[0][0]

    return ask
