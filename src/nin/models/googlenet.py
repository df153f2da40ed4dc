"""`GoogLeNet`, as the book defines it."""

from __future__ import annotations

from typing import Any

import keras

from nin.models.blocks import Branches
from nin.models.classifier import Classifier


class GoogLeNet(Classifier):
    """Nine Inception blocks and a global average (*Dive into Deep Learning*, section 8.4).

    1×1 convolutions from Network in Network keep its blocks narrow, and its average keeps the head
    small: 5,977,530 parameters at an input of (n, 224, 224, 1).

    Args:
        lr: learning rate of the plain SGD that `configure_optimizers` returns.
        num_classes: number of logits.

    Example:
        >>> nin.count_cost(nin.GoogLeNet(), (224, 224, 1)).parameters.total
        5977530
    """

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = keras.Sequential(
            [
                _conv(64, 7, strides=2),
                _halve(),
                _conv(64, 1),
                _conv(192, 3),
                _halve(),
                inception(64, (96, 128), (16, 32), 32),
                inception(128, (128, 192), (32, 96), 64),
                _halve(),
                inception(192, (96, 208), (16, 48), 64),
                inception(160, (112, 224), (24, 64), 64),
                inception(128, (128, 256), (24, 64), 64),
                inception(112, (144, 288), (32, 64), 64),
                inception(256, (160, 320), (32, 128), 128),
                _halve(),
                inception(256, (160, 320), (32, 128), 128),
                inception(384, (192, 384), (48, 128), 128),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(num_classes),
            ]
        )


def inception(c1: int, c2: tuple[int, int], c3: tuple[int, int], c4: int) -> Branches:
    """1×1, 1×1 then 3×3, 1×1 then 5×5, and pooling then 1×1, side by side.

    Args:
        c1: channels of the first path.
        c2: channels of the second path's two convolutions.
        c3: channels of the third path's two convolutions.
        c4: channels of the fourth path.

    Returns:
        A layer: (n, h, w, c) → (n, h, w, c1 + c2[1] + c3[1] + c4).
    """
    return Branches(
        [_conv(c1, 1)],
        [_conv(c2[0], 1), _conv(c2[1], 3)],
        [_conv(c3[0], 1), _conv(c3[1], 5)],
        [keras.layers.MaxPooling2D(pool_size=3, strides=1, padding="same"), _conv(c4, 1)],
        join=keras.layers.Concatenate(),
    )


def _conv(channels: int, kernel_size: int, strides: int = 1) -> Any:
    return keras.layers.Conv2D(
        channels, kernel_size, strides=strides, padding="same", activation="relu"
    )


def _halve() -> Any:
    return keras.layers.MaxPooling2D(pool_size=3, strides=2, padding="same")
