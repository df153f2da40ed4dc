"""Variables of TensorFlow and parameters of PyTorch as attributes of a module."""

from __future__ import annotations

from typing import Any

import keras

from nin import backends
from nin.errors import NinError


def as_weight(name: str, value: Any) -> Any:
    """A variable of the backend as one of Keras's, which is trained and saved; others as they are.

    Only a loop by hand would find it otherwise.
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
