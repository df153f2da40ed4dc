"""TensorFlow, of SavedModels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    import tensorflow

    model = tensorflow.saved_model.load(str(path))

    def ask(pixels: Any) -> Any:
        return model.serve(form.batch(pixels))["probabilities"][0].numpy()

    return ask
