"""The walk through a network: what each layer puts out, holds and computes, before it is built."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import keras

from nin.errors import NinError
from nin.models.geometry import leaves

Shape = tuple[int, ...]

#: Layers that have no weights, and whose arithmetic is not counted: no multiply-adds.
_FREE = (
    keras.layers.Activation,
    keras.layers.AveragePooling2D,
    keras.layers.Dropout,
    keras.layers.Flatten,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.InputLayer,
    keras.layers.MaxPooling2D,
)


class Step(NamedTuple):
    """One layer, for one image.

    Attributes:
        layer: the layer's class and what tells it from others: ``"Conv2D 5x5"``.
        output_shape: (height, width, channels), or (units,).
        parameters: weights it holds.
        multiply_adds: products of a weight and a value; pooling and activations count as none.
    """

    layer: str
    output_shape: Shape
    parameters: int
    multiply_adds: int


def walk(net: Any, input_shape: Shape) -> list[Step]:
    """Every layer of `net`, for an image of `input_shape` (height, width, channels).

    Raises:
        NinError: a layer is of a kind that is not known here; it is named.
    """
    steps = []
    shape = tuple(input_shape)
    for layer in leaves(net):
        out = tuple(int(size) for size in layer.compute_output_shape((1, *shape))[1:])
        steps.append(_step(layer, shape, out))
        shape = out
    return steps


def count_parameters(net: Any, input_shape: Shape) -> int:
    """How many weights `net` has once built; nothing is built to find out."""
    return sum(step.parameters for step in walk(net, input_shape))


def _step(layer: Any, before: Shape, after: Shape) -> Step:
    name = type(layer).__name__
    if isinstance(layer, keras.layers.Conv2D):
        height, width = layer.kernel_size
        weights = height * width * before[-1] // layer.groups * layer.filters
        name = f"{name} {height}x{width}"
        return Step(name, after, weights + _biases(layer, layer.filters), _area(after) * weights)
    if isinstance(layer, keras.layers.Dense):
        weights = before[-1] * layer.units
        return Step(name, after, weights + _biases(layer, layer.units), weights)
    if isinstance(layer, _FREE):
        return Step(name, after, 0, 0)
    raise NinError(f"cannot count what a layer of kind {name} ({layer.name}) holds and computes")


def _biases(layer: Any, outputs: int) -> int:
    return outputs if layer.use_bias else 0


def _area(shape: Shape) -> int:
    return math.prod(shape[:-1])
