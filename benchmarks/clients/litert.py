"""LiteRT's interpreter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=2)
    run = interpreter.get_signature_runner()
    [output] = [name for name in run.get_output_details() if name == "probabilities"]
    details = run.get_output_details()[output]
    scale, zero = details["quantization"]

    def ask(pixels: Any) -> Any:
        found = run(images=form.batch(pixels))[output][0]
        return (found.astype("float32") - zero) * scale if scale else found

    return ask
