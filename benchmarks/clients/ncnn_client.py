"""ncnn: phones and small boards. Its converter from ONNX is `pnnx`."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form, RefusedError


def convert(path: Path, form: Form, folder: Path) -> Path:
    copy = folder / "model.onnx"
    shutil.copy(path, copy)
    sides = "224,224" if form.size is None else f"{form.size},{form.size}"
    shape = f"[1,3,{sides}]" if form.layout == "nchw" else f"[1,{sides},3]"
    kind = "f32" if form.type == "float" else "u8"
    program = str(Path(sys.executable).parent / "pnnx")
    done = subprocess.run(
        [program, str(copy), f"inputshape={shape}{kind}", "fp16=0"],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    made = copy.with_suffix(".ncnn.param")
    if not made.exists():
        code = done.returncode
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        raise RefusedError(f"pnnx ends with {how}")
    return made


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    import ncnn

    network = ncnn.Net()
    network.opt.num_threads = 2
    network.opt.use_fp16_packed = network.opt.use_fp16_storage = False
    network.opt.use_bf16_storage = network.opt.use_fp16_arithmetic = False
    if network.load_param(str(path)) or network.load_model(str(path.with_suffix(".bin"))):
        raise RefusedError("it does not load what pnnx made")
    probabilities = "out0"  # pnnx counts them in the order of the ONNX file, ncnn in its own.

    def ask(pixels: Any) -> Any:
        import numpy as np

        picture = form.batch(pixels)[0]  # A `Mat` does not keep alive what it is made of.
        with network.create_extractor() as extractor:
            extractor.input(network.input_names()[0], ncnn.Mat(picture).clone())
            found = np.array(extractor.extract(probabilities)[1])
        if found.size != form.classes:
            raise RefusedError(f"an output of shape {found.shape}")
        return found.ravel()

    return ask
