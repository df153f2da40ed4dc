"""OpenCV's `dnn` as nearly every example has it: `blobFromImage`, floats of shape (1, 3, h, w)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    import cv2

    network = cv2.dnn.readNetFromONNX(str(path))

    def ask(pixels: Any) -> Any:
        as_opencv_reads_it = pixels[..., ::-1]
        network.setInput(cv2.dnn.blobFromImage(as_opencv_reads_it.copy(), swapRB=True), "images")
        return network.forward("probabilities")[0]

    return ask
