"""MNN: phones. Its converter from ONNX comes with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form, RefusedError


def convert(path: Path, form: Form, folder: Path) -> Path:
    made = folder / "model.mnn"
    program = str(Path(sys.executable).parent / "mnnconvert")
    options = ["-f", "ONNX", "--modelFile", str(path), "--MNNModel", str(made), "--bizCode", "nin"]
    done = subprocess.run([program, *options], capture_output=True, text=True)
    if not made.exists():
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise RefusedError(f"mnnconvert: {said[-1].strip() if said else f'exit {done.returncode}'}")
    return made


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    from MNN import expr, nn

    network = nn.load_module_from_file(str(path), ["images"], ["probabilities"])
    order = expr.NCHW if form.layout == "nchw" else expr.NHWC

    def ask(pixels: Any) -> Any:
        batch = form.batch(pixels)
        kind = expr.float if form.type == "float" else expr.uint8
        given = expr.const(batch, list(batch.shape), order, kind)
        found = expr.convert(network.forward([given])[0], expr.NCHW)
        return found.read().ravel()

    return ask
