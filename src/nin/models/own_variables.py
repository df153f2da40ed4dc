"""TensorFlow variables and PyTorch parameters as attributes of a module."""

from __future__ import annotations

from typing import Any

import keras

from nin import backends
from nin.errors import NinError


def as_weight(name: str, value: Any) -> Any:
    """A backend's variable as a Keras variable, which is trained and saved; others unchanged.

    Otherwise only a hand-written loop would train it.
    """
    framework = type(value).__module__.partition(".")[0]
    if framework not in ("tensorflow", "torch"):
        return value
    if framework == "tensorflow" and keras.backend.backend() != framework:
        raise NinError(
            f"self.{name} is a TensorFlow variable, and Keras computes with"
            f" {keras.backend.backend()}",
            "set KERAS_BACKEND=tensorflow before Keras is imported",
        )
    if (own := backends.current().own_variable(value)) is None:
        return value
    content, is_trained, dtype = own
    return keras.Variable(content, trainable=is_trained, dtype=dtype, name=name)
