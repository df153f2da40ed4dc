"""Sets Keras's own settings, which a ``keras.json`` may change, as this package needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from nin.errors import NinError


@contextmanager
def default_settings() -> Iterator[None]:
    """Within this block, layers take images (n, h, w, c), in float32 unless a policy is set.

    These are Keras's default settings. Afterwards the user's settings are restored.
    """
    layout, numbers = keras.config.image_data_format(), keras.config.floatx()
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    try:
        yield
    finally:
        keras.config.set_image_data_format(layout)
        keras.config.set_floatx(numbers)


def check_layout(model: object) -> None:
    """Refuse to make a network whose layers would take images as (n, c, h, w).

    Raises:
        NinError: states what to change.
    """
    if keras.config.image_data_format() != "channels_last":
        raise NinError(
            f"{type(model).__name__}: Keras is set to channels_first, and images here are"
            " (n, height, width, channels)",
            'set "image_data_format" to "channels_last" in keras.json',
            "call keras.config.set_image_data_format('channels_last') first",
        )
