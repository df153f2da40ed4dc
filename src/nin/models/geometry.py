"""Walking a network's layers, and the image sizes they can take."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import keras

LARGEST_SEARCHED = 1024
_SPATIAL = (keras.layers.Conv2D, keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)


def leaves(net: Any) -> Iterator[Any]:
    """The layers of nested `Sequential`s, in the order in which data meets them."""
    for layer in net.layers:
        if isinstance(layer, keras.Sequential):
            yield from leaves(layer)
        else:
            yield layer


def ends_in_average(net: Any) -> bool:
    """Whether the answer is an average over positions, so that any image size will do."""
    kinds = [type(layer) for layer in leaves(net)]
    return (
        keras.layers.GlobalAveragePooling2D in kinds
        and keras.layers.Dense not in kinds[: kinds.index(keras.layers.GlobalAveragePooling2D)]
    )


def smallest_size(net: Any) -> int:
    """The smallest side, in pixels, of a square image that leaves every layer something to do."""
    steps = tuple(_step(layer) for layer in leaves(net) if isinstance(layer, _SPATIAL))
    return _smallest(steps)


def _step(layer: Any) -> tuple[int, int, str]:
    window = getattr(layer, "kernel_size", None) or layer.pool_size
    return max(window), max(layer.strides), layer.padding


@cache
def _smallest(steps: tuple[tuple[int, int, str], ...]) -> int:
    return next(
        (size for size in range(1, LARGEST_SEARCHED) if _left_over(size, steps) >= 1),
        LARGEST_SEARCHED,
    )


def _left_over(size: int, steps: tuple[tuple[int, int, str], ...]) -> int:
    for window, stride, padding in steps:
        size = -(-size // stride) if padding == "same" else (size - window) // stride + 1
        if size < 1:
            return 0
    return size
