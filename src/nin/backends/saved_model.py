"""TensorFlow's own format, opened without Keras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nin.backends import quietly_imported


def load(path: Path) -> Callable[[Any], dict[str, Any]]:
    """The function that a SavedModel serves: an array → arrays by name.

    Args:
        path: the folder.

    Raises:
        OSError, ValueError: it is damaged.
    """
    quietly_imported("tensorflow")
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))

    def answer(images: Any) -> dict[str, Any]:
        return {name: value.numpy() for name, value in loaded.serve(tf.constant(images)).items()}

    return answer
