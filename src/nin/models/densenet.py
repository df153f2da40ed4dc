"""`DenseNet`, as the book defines it."""

from __future__ import annotations

from typing import Any

import keras

from nin.models.batch_normalization import BatchNormalization
from nin.models.blocks import Branches
from nin.models.classifier import Classifier
from nin.models.resnet import stem

#: How many convolutions each block has, and how many channels each of them adds.
DENSE_BLOCKS, GROWTH_RATE = (4, 4, 4, 4), 32


class DenseNet(Classifier):
    """Dense blocks, 1×1 transitions, a global average (*Dive into Deep Learning*, section 8.7).

    758,226 trainable parameters at an input of (n, 224, 224, 1).

    Args:
        lr: learning rate of the plain SGD that `configure_optimizers` returns.
        num_classes: number of logits.

    Example:
        >>> nin.count_cost(nin.DenseNet(), (224, 224, 1)).parameters.total
        758226
    """

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        self.save_hyperparameters()
        channels, layers = 64, stem()
        for number, count in enumerate(DENSE_BLOCKS):
            if number:
                channels //= 2
                layers += transition(channels)
            layers += dense_block(count, GROWTH_RATE)
            channels += count * GROWTH_RATE
        layers += [BatchNormalization(), keras.layers.Activation("relu")]
        average = keras.layers.GlobalAveragePooling2D()
        self.net = keras.Sequential([*layers, average, keras.layers.Dense(num_classes)])


def dense_block(num_convs: int, num_channels: int) -> list[Branches]:
    """`num_convs` 3×3 convolutions, each of which takes the outputs of all before it.

    Args:
        num_convs: number of convolutions.
        num_channels: number of channels that each adds.
    """
    return [
        Branches(
            [],
            [
                BatchNormalization(),
                keras.layers.Activation("relu"),
                keras.layers.Conv2D(num_channels, 3, padding="same"),
            ],
            join=keras.layers.Concatenate(),
        )
        for _ in range(num_convs)
    ]


def transition(num_channels: int) -> list[Any]:
    """A 1×1 convolution to `num_channels`, and 2×2 average pooling, which halves the size."""
    return [
        BatchNormalization(),
        keras.layers.Activation("relu"),
        keras.layers.Conv2D(num_channels, 1),
        keras.layers.AveragePooling2D(pool_size=2, strides=2),
    ]
