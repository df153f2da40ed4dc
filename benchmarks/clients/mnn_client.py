"""MNN: phones. Its converter from ONNX comes with it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form, RefusedError


def convert(path: Path, form: Form, folder: Path) -> Path:
    made = folder / "model.mnn"
    program = str(Path(sys.executable).parent / "mnnconvert")
    files = ["--modelFile", str(path.resolve()), "--MNNModel", str(made)]
    command = [program, "-f", "ONNX", *files, "--bizCode", "nin"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    if not made.exists():
        raise RefusedError(f"mnnconvert: {_reason(done.stdout) or f'exit {done.returncode}'}")
    return made


def _reason(said: str) -> str:
    """The line that says what is not supported, without the time before it; else the last."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reasons = [line for line in lines if "support" in line.lower()] or lines
    return re.sub(r"^\[[\d:]+\] :\d+: ", "", reasons[-1]) if reasons else ""


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    from MNN import expr, nn

    network = nn.load_module_from_file(str(path), ["images"], ["probabilities"])
    order = expr.NCHW if form.layout == "nchw" else expr.NHWC

    def ask(pixels: Any) -> Any:
        batch = form.batch(pixels)
        kind = expr.float if form.type == "float" else expr.uint8
        given = expr.const(batch, list(batch.shape), order, kind)
        found = expr.convert(network.forward([given])[0], expr.NCHW)
        return found.read().ravel().copy()  # It is the network's own memory.

    return ask
