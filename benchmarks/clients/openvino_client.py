"""OpenVINO, of its own folders and of ONNX files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # its reports to its makers
    import openvino

    file = path / "model.xml" if path.is_dir() else path
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    model = openvino.Core().compile_model(str(file), "CPU", settings)

    def ask(pixels: Any) -> Any:
        return model(form.batch(pixels))["probabilities"][0]

    return ask
