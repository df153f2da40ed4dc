"""`ResNet18`, as the book defines it."""

from __future__ import annotations

from typing import Any

import keras

from nin.models.batch_normalization import BatchNormalization
from nin.models.blocks import Branches
from nin.models.classifier import Classifier

#: (number of residual blocks, channels) of each of the four modules of ResNet-18.
RESNET18 = ((2, 64), (2, 128), (2, 256), (2, 512))


class ResNet18(Classifier):
    """Residual blocks and a global average (*Dive into Deep Learning*, section 8.6).

    11,178,378 trainable parameters at an input of (n, 224, 224, 1). Where a block changes the
    number of channels, a 1×1 convolution carries its input past it.

    Args:
        lr: learning rate of the plain SGD that `configure_optimizers` returns.
        num_classes: number of logits.

    Example:
        >>> nin.count_cost(nin.ResNet18(), (224, 224, 1)).parameters.total
        11178378
    """

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        self.save_hyperparameters()
        blocks = [
            layer
            for number, (count, channels) in enumerate(RESNET18)
            for position in range(count)
            for layer in residual(channels, halve=number > 0 and position == 0)
        ]
        self.net = keras.Sequential(
            [
                *stem(),
                *blocks,
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(num_classes),
            ]
        )


def stem() -> list[Any]:
    """A strided 7×7 convolution and a pooling: a quarter of the side; DenseNet uses it as well."""
    return [
        keras.layers.Conv2D(64, 7, strides=2, padding="same"),
        BatchNormalization(),
        keras.layers.Activation("relu"),
        keras.layers.MaxPooling2D(pool_size=3, strides=2, padding="same"),
    ]


def residual(channels: int, halve: bool) -> list[Any]:
    """Two 3×3 convolutions added to a shortcut, and a ReLU.

    Args:
        channels: channels of every convolution.
        halve: halve the image's side; the shortcut is then a strided 1×1 convolution.
    """
    strides = 2 if halve else 1
    main = [
        keras.layers.Conv2D(channels, 3, strides=strides, padding="same"),
        BatchNormalization(),
        keras.layers.Activation("relu"),
        keras.layers.Conv2D(channels, 3, padding="same"),
        BatchNormalization(),
    ]
    short_cut = [keras.layers.Conv2D(channels, 1, strides=strides)] if halve else []
    return [Branches(main, short_cut, join=keras.layers.Add()), keras.layers.Activation("relu")]
