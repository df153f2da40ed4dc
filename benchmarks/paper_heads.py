"""The paper's network for MNIST with other heads, for ``paper.py heads``.

The paper's section 4.2 puts a fully connected layer in place of the global average, with and
without dropout, on the maps of the last mlpconv block; all else stays.
"""

from __future__ import annotations

from typing import Any

import keras

import nin
from nin.training.recipes import find_recipe

RECIPE = find_recipe("fashion28")


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
    network = nin.NiN(num_classes=num_classes, preset=RECIPE.preset, dropout=RECIPE.dropout)
    return keras.Sequential([keras.Input(input_shape), *network.net.layers[:-2], *head])
