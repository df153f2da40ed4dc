"""MediaPipe's image classifier, which finds labels and preprocessing in the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.ImageClassifierOptions(BaseOptions(model_asset_path=str(path)))
    classifier = vision.ImageClassifier.create_from_options(options)

    def ask(pixels: Any) -> Any:
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
        found = classifier.classify(image).classifications[0].categories
        by_index = {each.index: each.score for each in found}
        return [by_index.get(index, 0.0) for index in range(form.classes)]

    return ask
