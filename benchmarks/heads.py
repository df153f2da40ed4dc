"""Heads on the layers of the paper's CIFAR-10 network, for ``economy.py heads``.

Its section 4.2 puts a fully connected layer in place of the global average, with and without
dropout, on the maps of the last mlpconv block; all else stays.
"""

from __future__ import annotations

from typing import Any

import keras

import nin

#: Of the recipe ``cifar10``.
DROPOUT = 0.3


def average(num_classes: int, input_shape: tuple[int, int, int]) -> Any:
    """The network as published."""
    return _with_head(num_classes, input_shape, [keras.layers.GlobalAveragePooling2D()])


def dense(num_classes: int, input_shape: tuple[int, int, int]) -> Any:
    """All positions of all maps, fully connected to the classes."""
    layers = keras.layers
    return _with_head(num_classes, input_shape, [layers.Flatten(), layers.Dense(num_classes)])


def dense_with_dropout(num_classes: int, input_shape: tuple[int, int, int]) -> Any:
    """The same with half of its inputs dropped in training."""
    layers = keras.layers
    head = [layers.Flatten(), layers.Dropout(0.5), layers.Dense(num_classes)]
    return _with_head(num_classes, input_shape, head)


def _with_head(num_classes: int, input_shape: tuple[int, int, int], head: list[Any]) -> Any:
    """The published layers without their last two, which average."""
    published = nin.NiN(num_classes, preset="cifar10", dropout=DROPOUT).net.layers[:-2]
    return keras.Sequential([keras.Input(input_shape), *published, *head])
