"""Parameters and multiply-adds of each kind of layer, from its settings and shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from keras import layers

from nin.models.batch_normalization import BatchNormalization
from nin.models.blocks import AveragePooling
from nin.models.preprocessing import Preprocessing

Shape = tuple[int, ...]
Pair = tuple[int, int]

#: The first four hold most weights. `elementwise` can overwrite its input, `view` is its input in
#: another shape; all others allocate their output.
Kind = Literal[
    "spatial",
    "pointwise",
    "dense",
    "normalisation",
    "pooling",
    "global",
    "join",
    "resampling",
    "elementwise",
    "view",
]


class LayerCost(NamedTuple):
    """What a layer, or a part of one, holds and computes for one image.

    Attributes:
        kind: see `Kind`.
        output_shape: (height, width, channels), or (units,).
        parameters: number of trainable weights.
        non_trainable: number of other values, such as moving averages.
        multiply_adds: products of a weight and a value.
        window: (height, width) in cells of the input that one cell of the output sees.
        strides: cells of the input from one window to the next.
        enlarges: cells of the output in that distance; above 1 if the layer enlarges maps.
        label: text shown after the layer's class.
    """

    kind: Kind
    output_shape: Shape
    parameters: int = 0
    non_trainable: int = 0
    multiply_adds: int = 0
    window: Pair = (1, 1)
    strides: Pair = (1, 1)
    enlarges: Pair = (1, 1)
    label: str = ""


#: (layer, shape of its first input, shape of its output) → costs of its parts, usually one.
Rule = Callable[[Any, Shape, Shape], list[LayerCost]]


def is_known(layer: Any) -> bool:
    """Whether `layer_costs` covers this class of layer; not its subclasses, which may differ."""
    return type(layer) in _RULES


def layer_costs(layer: Any, before: Shape, after: Shape) -> list[LayerCost]:
    """What `layer` holds and computes, part by part.

    Args:
        layer: one for which `is_known` is true; built or not.
        before: shape of its first input, without the batch.
        after: shape of the output, without the batch.
    """
    return _RULES[type(layer)](layer, before, after)


def _convolution(layer: Any, before: Shape, after: Shape) -> list[LayerCost]:
    if before[-1] % layer.groups:
        raise ValueError(f"{before[-1]} channels cannot be divided into {layer.groups} groups")
    weights = math.prod(layer.kernel_size) * before[-1] // layer.groups * layer.filters
    return [_sliding(layer, after, weights, layer.filters)]


def _depthwise(layer: Any, _: Shape, after: Shape) -> list[LayerCost]:
    return [_sliding(layer, after, math.prod(layer.kernel_size) * after[-1], after[-1])]


def _separable(layer: Any, before: Shape, after: Shape) -> list[LayerCost]:
    """A depthwise convolution without bias, and a 1×1 convolution as a separate part."""
    between = (*after[:-1], before[-1] * layer.depth_multiplier)
    depthwise = _sliding(layer, between, math.prod(layer.kernel_size) * between[-1], 0)
    weights = between[-1] * layer.filters
    products = _area(after) * weights
    pointwise = LayerCost(
        "pointwise", after, weights + _bias(layer, layer.filters), 0, products, label="1x1"
    )
    return [depthwise, pointwise]


def _sliding(layer: Any, after: Shape, weights: int, biases: int) -> LayerCost:
    height, width = layer.kernel_size
    down, right = layer.dilation_rate
    return LayerCost(
        "pointwise" if height == width == 1 else "spatial",
        after,
        weights + _bias(layer, biases),
        multiply_adds=_area(after) * weights,
        window=((height - 1) * down + 1, (width - 1) * right + 1),
        strides=tuple(layer.strides),
        label=f"{height}x{width}",
    )


def _transposed(layer: Any, before: Shape, after: Shape) -> list[LayerCost]:
    weights = math.prod(layer.kernel_size) * before[-1] * layer.filters
    done = _sliding(layer, after, weights, layer.filters)
    (height, width), (down, right) = done.window, done.strides
    spread = done._replace(
        multiply_adds=_area(before) * weights,
        window=(-(-height // down), -(-width // right)),
        strides=(1, 1),
        enlarges=(down, right),
    )
    return [spread]


def _dense(layer: Any, before: Shape, after: Shape) -> list[LayerCost]:
    weights = before[-1] * layer.units
    parameters = weights + _bias(layer, layer.units)
    return [LayerCost("dense", after, parameters, multiply_adds=_area(after) * weights)]


def _bias(layer: Any, outputs: int) -> int:
    return outputs if layer.use_bias else 0


def _area(shape: Shape) -> int:
    return math.prod(shape[:-1])


def _batch_norm(layer: Any, _: Shape, after: Shape) -> list[LayerCost]:
    channels = _along(after, layer.axis)
    parameters = channels * (bool(layer.scale) + bool(layer.center))
    averages = 5 if getattr(layer, "renorm", False) else 2
    return [LayerCost("normalisation", after, parameters, averages * channels)]


def _layer_norm(layer: Any, _: Shape, after: Shape) -> list[LayerCost]:
    scale = layer.scale or layer.rms_scaling
    center = layer.center and not layer.rms_scaling
    return [
        LayerCost("normalisation", after, _along(after, layer.axis) * (bool(scale) + bool(center)))
    ]


def _group_norm(layer: Any, _: Shape, after: Shape) -> list[LayerCost]:
    parameters = _along(after, layer.axis) * (bool(layer.scale) + bool(layer.center))
    return [LayerCost("normalisation", after, parameters)]


def _given_norm(layer: Any, _: Shape, after: Shape) -> list[LayerCost]:
    """`Normalization`: mean, variance and a count, if it learns them from data."""
    learnt = 2 * _along(after, layer.axis) + 1 if layer.input_mean is None else 0
    return [LayerCost("normalisation", after, 0, learnt)]


def _along(shape: Shape, axes: Any) -> int:
    axes = axes if isinstance(axes, (list, tuple)) else [axes]
    return math.prod((1, *shape)[axis] for axis in axes)


def _prelu(layer: Any, _: Shape, after: Shape) -> list[LayerCost]:
    shared = layer.shared_axes or ()
    slopes = math.prod(side for axis, side in enumerate(after, 1) if axis not in shared)
    return [LayerCost("elementwise", after, slopes)]


def _pooling(layer: Any, _: Shape, after: Shape) -> list[LayerCost]:
    window, strides = tuple(layer.pool_size), tuple(layer.strides)
    return [LayerCost("pooling", after, window=window, strides=strides)]


#: Number of input cells, in each direction, that one value is interpolated from.
_TAPS = {"nearest": 1, "bilinear": 2, "bicubic": 4, "lanczos3": 6, "lanczos5": 10}


def _resized(layer: Any, before: Shape, after: Shape) -> list[LayerCost]:
    taps = _TAPS[getattr(layer, "interpolation", "bilinear")]
    (height, width, _), (new_height, new_width, _) = before, after
    if (height, width) == (new_height, new_width):
        return [LayerCost("resampling", after)]
    if getattr(layer, "antialias", False):  # Smoothed: the window grows as the image shrinks.
        taps *= max(1, -(-height // new_height), -(-width // new_width))
    window, strides, enlarges = (taps, taps), (height, width), (new_height, new_width)
    return [LayerCost("resampling", after, window=window, strides=strides, enlarges=enlarges)]


def _without_weights(kind: Kind) -> Rule:
    return lambda _layer, _before, after: [LayerCost(kind, after)]


_RULES: dict[type, Rule] = {
    layers.Conv2D: _convolution,
    layers.Conv2DTranspose: _transposed,
    layers.DepthwiseConv2D: _depthwise,
    layers.SeparableConv2D: _separable,
    layers.Dense: _dense,
    layers.BatchNormalization: _batch_norm,
    BatchNormalization: _batch_norm,
    layers.GroupNormalization: _group_norm,
    layers.LayerNormalization: _layer_norm,
    layers.Normalization: _given_norm,
    layers.PReLU: _prelu,
    layers.AveragePooling2D: _pooling,
    AveragePooling: _pooling,
    layers.MaxPooling2D: _pooling,
    layers.Resizing: _resized,
    Preprocessing: _resized,
    layers.UpSampling2D: _resized,
    layers.GlobalAveragePooling2D: _without_weights("global"),
    layers.GlobalMaxPooling2D: _without_weights("global"),
    layers.Add: _without_weights("join"),
    layers.Average: _without_weights("join"),
    layers.Concatenate: _without_weights("join"),
    layers.Maximum: _without_weights("join"),
    layers.Minimum: _without_weights("join"),
    layers.Multiply: _without_weights("join"),
    layers.Subtract: _without_weights("join"),
    layers.Cropping2D: _without_weights("resampling"),
    layers.ZeroPadding2D: _without_weights("resampling"),
    layers.Activation: _without_weights("elementwise"),
    layers.ActivityRegularization: _without_weights("elementwise"),
    layers.AlphaDropout: _without_weights("elementwise"),
    layers.Dropout: _without_weights("elementwise"),
    layers.ELU: _without_weights("elementwise"),
    layers.GaussianDropout: _without_weights("elementwise"),
    layers.GaussianNoise: _without_weights("elementwise"),
    layers.LeakyReLU: _without_weights("elementwise"),
    layers.ReLU: _without_weights("elementwise"),
    layers.Rescaling: _without_weights("elementwise"),
    layers.Softmax: _without_weights("elementwise"),
    layers.SpatialDropout2D: _without_weights("elementwise"),
    layers.Flatten: _without_weights("view"),
    layers.Identity: _without_weights("view"),
    layers.InputLayer: _without_weights("view"),
    layers.Permute: _without_weights("view"),
    layers.Reshape: _without_weights("view"),
}
