"""What `benchmarks/asking.py` asks about: small images as arrays, and two networks in plain Keras.

Imported, it also notes when a training begins and ends, in the file that TRAININGS names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.datasets import load_digits

EPOCHS, BATCH, RATE, SEEDS = 8, 64, 0.003, 3
WIDTHS = (0.25, 0.5, 1.0)


def arrays() -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Digits of 8×8 pixels, from 0 to 1: to train on, and to judge by."""
    digits = load_digits()
    x, y = (digits.images[..., None] / 16).astype(np.float32), digits.target
    return (x[:1400], y[:1400]), (x[1400:], y[1400:])


def nin_net(width: float = 1.0) -> keras.Model:
    """Three blocks of 3×3 and 1×1 convolutions, the last of which gives a map per class."""
    layers = keras.layers
    x = image = keras.Input((8, 8, 1))
    for number, channels in enumerate((32, 64, 64)):
        x = layers.Conv2D(int(channels * width), 3, activation="relu", padding="same")(x)
        x = layers.Conv2D(int(channels * width), 1, activation="relu")(x)
        x = layers.Conv2D(10, 1)(x) if number == 2 else layers.MaxPooling2D()(x)
    return keras.Model(image, layers.GlobalAveragePooling2D()(x))


def small_cnn() -> keras.Model:
    """Two convolutions and a dense layer."""
    layers = keras.layers
    x = image = keras.Input((8, 8, 1))
    x = layers.Conv2D(16, 3, activation="relu", padding="same")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(32, 3, activation="relu", padding="same")(x)
    return keras.Model(image, layers.Dense(10)(layers.Flatten()(x)))


def _note(word: str) -> None:
    if path := os.environ.get("TRAININGS"):
        with Path(path).open("a") as file:
            file.write(f"{word}\n")


def _fit(self: Any, *arguments: Any, **settings: Any) -> Any:
    _note("begun")
    found = _keras_fit(self, *arguments, **settings)
    _note("ended")
    return found


_keras_fit = keras.Model.fit
keras.Model.fit = _fit
