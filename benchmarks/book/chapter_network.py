"""The chapter's class, as a reader of the book types it."""

from __future__ import annotations

import keras

import nin as d2l


def nin_block(out_channels, kernel_size, strides, padding):  # type: ignore[no-untyped-def]
    return keras.models.Sequential([
        keras.layers.Conv2D(out_channels, kernel_size, strides=strides, padding=padding),
        keras.layers.Activation("relu"),
        keras.layers.Conv2D(out_channels, 1),
        keras.layers.Activation("relu"),
        keras.layers.Conv2D(out_channels, 1),
        keras.layers.Activation("relu"),
    ])  # fmt: skip


class NiN(d2l.Classifier):  # noqa: D101
    def __init__(self, lr=0.1, num_classes=10):  # type: ignore[no-untyped-def]
        super().__init__()
        self.save_hyperparameters()
        self.net = keras.models.Sequential([
            nin_block(96, kernel_size=11, strides=4, padding="valid"),
            keras.layers.MaxPool2D(pool_size=3, strides=2),
            nin_block(256, kernel_size=5, strides=1, padding="same"),
            keras.layers.MaxPool2D(pool_size=3, strides=2),
            nin_block(384, kernel_size=3, strides=1, padding="same"),
            keras.layers.MaxPool2D(pool_size=3, strides=2),
            keras.layers.Dropout(0.5),
            nin_block(num_classes, kernel_size=3, strides=1, padding="same"),
            keras.layers.GlobalAvgPool2D(),
            keras.layers.Flatten(),
        ])  # fmt: skip
