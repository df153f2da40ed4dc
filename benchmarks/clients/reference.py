"""ONNX's own reference evaluator: what the standard says, in NumPy, slowly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(str(path))

    def ask(pixels: Any) -> Any:
        return evaluator.run(["probabilities"], {"images": form.batch(pixels)})[0][0]

    return ask
