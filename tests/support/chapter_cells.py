"""The chapter's cells, to the letter, with `import nin as d2l` in place of the book's import."""

from __future__ import annotations

import types
from typing import Any

import keras

TYPED = """
import tensorflow as tf
import nin as d2l

def nin_block(out_channels, kernel_size, strides, padding):
    return tf.keras.models.Sequential([
    tf.keras.layers.Conv2D(out_channels, kernel_size, strides=strides,
                           padding=padding),
    tf.keras.layers.Activation('relu'),
    tf.keras.layers.Conv2D(out_channels, 1),
    tf.keras.layers.Activation('relu'),
    tf.keras.layers.Conv2D(out_channels, 1),
    tf.keras.layers.Activation('relu')])

class NiN(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = tf.keras.models.Sequential([
            nin_block(96, kernel_size=11, strides=4, padding='valid'),
            tf.keras.layers.MaxPool2D(pool_size=3, strides=2),
            nin_block(256, kernel_size=5, strides=1, padding='same'),
            tf.keras.layers.MaxPool2D(pool_size=3, strides=2),
            nin_block(384, kernel_size=3, strides=1, padding='same'),
            tf.keras.layers.MaxPool2D(pool_size=3, strides=2),
            tf.keras.layers.Dropout(0.5),
            nin_block(num_classes, kernel_size=3, strides=1, padding='same'),
            tf.keras.layers.GlobalAvgPool2D(),
            tf.keras.layers.Flatten()])
"""
TEN_LINES = """\
Sequential output shape:\t (1, 54, 54, 96)
MaxPooling2D output shape:\t (1, 26, 26, 96)
Sequential output shape:\t (1, 26, 26, 256)
MaxPooling2D output shape:\t (1, 12, 12, 256)
Sequential output shape:\t (1, 12, 12, 384)
MaxPooling2D output shape:\t (1, 5, 5, 384)
Dropout output shape:\t (1, 5, 5, 384)
Sequential output shape:\t (1, 5, 5, 10)
GlobalAveragePooling2D output shape:\t (1, 10)
Flatten output shape:\t (1, 10)
"""


def run(cell: str = TYPED, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run a cell and return its names. Where TensorFlow does not compute, `tf` has only `keras`."""
    names = {"__name__": "chapter"} if names is None else names
    if keras.backend.backend() != "tensorflow":
        cell = cell.replace("import tensorflow as tf", "")
        names["tf"] = types.SimpleNamespace(keras=keras)
    exec(cell, names)
    return names
