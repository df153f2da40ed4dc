"""OpenCV's `dnn`, given the array that the file's signature names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    import cv2

    network = cv2.dnn.readNetFromONNX(str(path))

    def ask(pixels: Any) -> Any:
        network.setInput(form.batch(pixels), "images")
        return network.forward("probabilities")[0]

    return ask
