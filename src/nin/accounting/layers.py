"""What a layer of each kind holds and computes, from its settings and the shapes around it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from keras import layers

from nin.models.preprocessing import Preprocessing

Shape = tuple[int, ...]
Pair = tuple[int, int]

#: What a layer does. The first four hold most weights. `elementwise` can write over its input,
#: `view` is its input in another shape; all others make something new.
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


class Work(NamedTuple):
    """What a layer holds and computes, for one image.

    Attributes:
        kind: what it does.
        output_shape: (height, width, channels), or (units,).
        parameters: weights that training changes by gradients.
        non_trainable: values beside them, such as moving averages.
        multiply_adds: products of a weight and a value.
        window: (height, width) of the cells of its input that a cell of its output sees.
        strides: cells of its input from one window to the next...
        enlarges: ...and how many cells of its output lie in between.
        label: what is shown beside the layer's class.
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


#: (layer, shape of its first input, shape of its output) → its work, in one step or more.
Rule = Callable[[Any, Shape, Shape], list[Work]]


def is_known(layer: Any) -> bool:
    """Whether `work` can tell. Subclasses are not known: they may hold and compute anything."""
    return type(layer) in _RULES


def work(layer: Any, before: Shape, after: Shape) -> list[Work]:
    """What `layer` holds and computes, part by part.

    Args:
        layer: of a kind that `is_known`; built or not.
        before: shape of its first input, without the batch.
        after: shape of the output, without the batch.
    """
    return _RULES[type(layer)](layer, before, after)


def _convolution(layer: Any, before: Shape, after: Shape) -> list[Work]:
    weights = math.prod(layer.kernel_size) * before[-1] // layer.groups * layer.filters
    return [_sliding(layer, after, weights, layer.filters)]


def _depthwise(layer: Any, _: Shape, after: Shape) -> list[Work]:
    return [_sliding(layer, after, math.prod(layer.kernel_size) * after[-1], after[-1])]


def _separable(layer: Any, before: Shape, after: Shape) -> list[Work]:
    """Its depthwise convolution has no bias; its 1×1 convolution is a step of its own."""
    between = (*after[:-1], before[-1] * layer.depth_multiplier)
    depthwise = _sliding(layer, between, math.prod(layer.kernel_size) * between[-1], 0)
    weights = between[-1] * layer.filters
    products = _area(after) * weights
    pointwise = Work(
        "pointwise", after, weights + _bias(layer, layer.filters), 0, products, label="1x1"
    )
    return [depthwise, pointwise]


def _sliding(layer: Any, after: Shape, weights: int, biases: int) -> Work:
    height, width = layer.kernel_size
    down, right = layer.dilation_rate
    return Work(
        "pointwise" if height == width == 1 else "spatial",
        after,
        weights + _bias(layer, biases),
        multiply_adds=_area(after) * weights,
        window=((height - 1) * down + 1, (width - 1) * right + 1),
        strides=tuple(layer.strides),
        label=f"{height}x{width}",
    )


def _transposed(layer: Any, before: Shape, after: Shape) -> list[Work]:
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


def _dense(layer: Any, before: Shape, after: Shape) -> list[Work]:
    weights = before[-1] * layer.units
    parameters = weights + _bias(layer, layer.units)
    return [Work("dense", after, parameters, multiply_adds=_area(after) * weights)]


def _bias(layer: Any, outputs: int) -> int:
    return outputs if layer.use_bias else 0


def _area(shape: Shape) -> int:
    return math.prod(shape[:-1])


def _batch_norm(layer: Any, _: Shape, after: Shape) -> list[Work]:
    channels = _along(after, layer.axis)
    parameters = channels * (bool(layer.scale) + bool(layer.center))
    averages = 5 if getattr(layer, "renorm", False) else 2
    return [Work("normalisation", after, parameters, averages * channels)]


def _layer_norm(layer: Any, _: Shape, after: Shape) -> list[Work]:
    scale = layer.scale or layer.rms_scaling
    center = layer.center and not layer.rms_scaling
    return [Work("normalisation", after, _along(after, layer.axis) * (bool(scale) + bool(center)))]


def _group_norm(layer: Any, _: Shape, after: Shape) -> list[Work]:
    parameters = _along(after, layer.axis) * (bool(layer.scale) + bool(layer.center))
    return [Work("normalisation", after, parameters)]


def _given_norm(layer: Any, _: Shape, after: Shape) -> list[Work]:
    """`Normalization`: mean, variance and a count, if it learns them from data."""
    learnt = 2 * _along(after, layer.axis) + 1 if layer.input_mean is None else 0
    return [Work("normalisation", after, 0, learnt)]


def _along(shape: Shape, axes: Any) -> int:
    axes = axes if isinstance(axes, (list, tuple)) else [axes]
    return math.prod((1, *shape)[axis] for axis in axes)


def _prelu(layer: Any, _: Shape, after: Shape) -> list[Work]:
    shared = layer.shared_axes or ()
    slopes = math.prod(side for axis, side in enumerate(after, 1) if axis not in shared)
    return [Work("elementwise", after, slopes)]


def _pooling(layer: Any, _: Shape, after: Shape) -> list[Work]:
    window, strides = tuple(layer.pool_size), tuple(layer.strides)
    return [Work("pooling", after, window=window, strides=strides)]


#: Cells of the input, in each direction, from which one value is interpolated.
_TAPS = {"nearest": 1, "bilinear": 2, "bicubic": 4, "lanczos3": 6, "lanczos5": 10}


def _resized(layer: Any, before: Shape, after: Shape) -> list[Work]:
    taps = _TAPS[getattr(layer, "interpolation", "bilinear")]
    (height, width, _), (new_height, new_width, _) = before, after
    if (height, width) == (new_height, new_width):
        return [Work("resampling", after)]
    if getattr(layer, "antialias", False):  # Smoothed: the window grows as the image shrinks.
        taps *= max(1, -(-height // new_height), -(-width // new_width))
    window, strides, enlarges = (taps, taps), (height, width), (new_height, new_width)
    return [Work("resampling", after, window=window, strides=strides, enlarges=enlarges)]


def _free(kind: Kind) -> Rule:
    return lambda _layer, _before, after: [Work(kind, after)]


_RULES: dict[type, Rule] = {
    layers.Conv2D: _convolution,
    layers.Conv2DTranspose: _transposed,
    layers.DepthwiseConv2D: _depthwise,
    layers.SeparableConv2D: _separable,
    layers.Dense: _dense,
    layers.BatchNormalization: _batch_norm,
    layers.GroupNormalization: _group_norm,
    layers.LayerNormalization: _layer_norm,
    layers.Normalization: _given_norm,
    layers.PReLU: _prelu,
    layers.AveragePooling2D: _pooling,
    layers.MaxPooling2D: _pooling,
    layers.Resizing: _resized,
    Preprocessing: _resized,
    layers.UpSampling2D: _resized,
    layers.GlobalAveragePooling2D: _free("global"),
    layers.GlobalMaxPooling2D: _free("global"),
    layers.Add: _free("join"),
    layers.Average: _free("join"),
    layers.Concatenate: _free("join"),
    layers.Maximum: _free("join"),
    layers.Minimum: _free("join"),
    layers.Multiply: _free("join"),
    layers.Subtract: _free("join"),
    layers.Cropping2D: _free("resampling"),
    layers.ZeroPadding2D: _free("resampling"),
    layers.Activation: _free("elementwise"),
    layers.ActivityRegularization: _free("elementwise"),
    layers.AlphaDropout: _free("elementwise"),
    layers.Dropout: _free("elementwise"),
    layers.ELU: _free("elementwise"),
    layers.GaussianDropout: _free("elementwise"),
    layers.GaussianNoise: _free("elementwise"),
    layers.LeakyReLU: _free("elementwise"),
    layers.ReLU: _free("elementwise"),
    layers.Rescaling: _free("elementwise"),
    layers.Softmax: _free("elementwise"),
    layers.SpatialDropout2D: _free("elementwise"),
    layers.Flatten: _free("view"),
    layers.Identity: _free("view"),
    layers.InputLayer: _free("view"),
    layers.Permute: _free("view"),
    layers.Reshape: _free("view"),
}
