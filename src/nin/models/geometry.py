"""Walks a network's layers: the image sizes it accepts, and whether it has class maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import keras

from nin.models.blocks import Branches

LARGEST_SEARCHED = 1024
_SPATIAL = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling2D,
)


def flow(net: Any, signal: Any, visit: Callable[[Any, Any], Any]) -> Any:
    """Send something through nested layers, in the order in which data passes through them.

    Args:
        net: `keras.Sequential`s and `Branches`, nested arbitrarily; any other layer is innermost.
        signal: what enters: a tensor, a shape, anything.
        visit: called as ``visit(layer, signal)`` at each innermost layer; returns what leaves it.
            The join of `Branches` is given a list.
    """
    for layer in getattr(net, "layers", [net]):
        if isinstance(layer, keras.Sequential):
            signal = flow(layer, signal, visit)
        elif isinstance(layer, Branches):
            signal = visit(layer.join, [flow(path, signal, visit) for path in layer.paths])
        else:
            signal = visit(layer, signal)
    return signal


def leaves(net: Any) -> Iterator[Any]:
    """The innermost layers, in the order in which data passes through them."""
    found: list[Any] = []
    flow(net, None, lambda layer, _: found.append(layer))
    yield from found


def is_ours(thing: Any) -> bool:
    """Whether a function or a class is this package's or Keras's, and not a reader's."""
    return str(thing.__module__).partition(".")[0] in ("nin", "keras")


def ends_in_average(net: Any) -> bool:
    """Whether positions are averaged before any dense layer, so that any image size works."""
    kinds = [type(layer) for layer in leaves(net)]
    return (
        keras.layers.GlobalAveragePooling2D in kinds
        and keras.layers.Dense not in kinds[: kinds.index(keras.layers.GlobalAveragePooling2D)]
    )


def has_class_maps(net: Any) -> bool:
    """Whether each logit is the mean of a map: nothing but a linear layer follows the average."""
    if not ends_in_average(net):
        return False
    layers = list(leaves(net))
    kinds = [type(layer) for layer in layers]
    after = layers[kinds.index(keras.layers.GlobalAveragePooling2D) + 1 :]
    return all(
        isinstance(layer, (keras.layers.Flatten, keras.layers.Dropout))
        or (isinstance(layer, keras.layers.Dense) and _is_linear(layer))
        for layer in after
    )


def _is_linear(layer: Any) -> bool:
    return layer.activation is keras.activations.linear


def smallest_size(net: Any) -> int:
    """The side, in pixels, of the smallest square image that no layer reduces to nothing."""
    steps = tuple(_step(layer) for layer in _first_way(net) if isinstance(layer, _SPATIAL))
    return _smallest(steps)


def _first_way(net: Any) -> Iterator[Any]:
    """The innermost layers along the first path of all `Branches`: all paths agree in size."""
    for layer in net.layers:
        if isinstance(layer, (keras.Sequential, Branches)):
            yield from _first_way(layer if isinstance(layer, keras.Sequential) else layer.paths[0])
        else:
            yield layer


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
