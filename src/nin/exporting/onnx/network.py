"""A rule for each kind of Keras layer that the networks of this package are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from nin.errors import ExportError
from nin.exporting.onnx.graph import Graph
from nin.models.geometry import flow

Write = Callable[[Graph, Any, str], str]


class Written(NamedTuple):
    """What a network was turned into.

    Attributes:
        logits: (n, classes).
        maps: (n, classes, height, width); None where the logits are not the mean of maps.
    """

    logits: str
    maps: str | None


def write_network(graph: Graph, net: Any, x: str, *, has_maps: bool) -> Written:
    """Write all layers of `net`.

    Args:
        graph: is written to.
        net: of a `nin.models.Classifier`.
        x: (n, channels, height, width), what the first layer sees.
        has_maps: whether the logits are the mean of maps.

    Raises:
        ExportError: a layer that no network of this package has.
    """
    before_average: list[str] = []
    linear: list[Any] = []
    visited: list[Any] = []

    def visit(layer: Any, signal: Any) -> str:
        visited.append(layer)
        if isinstance(layer, keras.layers.GlobalAveragePooling2D):
            before_average.append(signal)
        elif before_average and isinstance(layer, keras.layers.Dense):
            linear.append(layer)
        return _rule(layer)(graph, layer, signal)

    logits = flow(net, x, visit)
    flat = (keras.layers.Dense, keras.layers.Flatten, keras.layers.GlobalAveragePooling2D)
    last = next((layer for layer in reversed(visited) if isinstance(layer, flat)), None)
    if isinstance(last, keras.layers.GlobalAveragePooling2D):
        logits = graph.node("Flatten", logits)  # ONNX leaves a height and a width of 1.
    if not has_maps:
        return Written(logits, None)
    maps = before_average[0]
    for dense in linear:
        kernel, bias = _values(dense.kernel, dense.bias)
        maps = _convolution(graph, maps, kernel[None, None], bias)
    return Written(logits, maps)


def _rule(layer: Any) -> Write:
    own: Any = type(layer)
    for kind, write in _RULES.items():
        # A subclass may compute anything.
        if isinstance(layer, kind) and own.call is kind.call:
            return write
    raise ExportError(
        f"no rule to export a layer of the kind {type(layer).__name__} ({layer.name})"
    )


def _refuse(layer: Any, what: str) -> ExportError:
    return ExportError(f"no rule to export {type(layer).__name__} ({layer.name}) with {what}")


def _convolution(graph: Graph, x: str, kernel: Any, *bias: Any, **attributes: Any) -> str:
    """`kernel` is (height, width, channels in, channels out), as Keras keeps it."""
    name = graph.name("Conv")
    weight = graph.array(f"{name}/kernel", kernel.transpose(3, 2, 0, 1))
    offset = [graph.array(f"{name}/bias", values) for values in bias]
    return graph.node("Conv", x, weight, *offset, name=name, **attributes)


def _conv2d(graph: Graph, layer: Any, x: str) -> str:
    if tuple(layer.dilation_rate) != (1, 1):
        raise _refuse(layer, "a dilation")
    kernel, *bias = _weights(layer)
    place = {"strides": layer.strides, "auto_pad": _padding(layer)}
    if layer.groups != 1:
        place["group"] = layer.groups
    y = _convolution(graph, x, kernel, *bias, **place)
    return _activate(graph, y, layer.activation)


def _depthwise(graph: Graph, layer: Any, x: str) -> str:
    if tuple(layer.dilation_rate) != (1, 1):
        raise _refuse(layer, "a dilation")
    kernel, *bias = _weights(layer)
    height, width, channels, each = kernel.shape
    kernel = kernel.reshape(height, width, 1, channels * each)
    place = {"strides": layer.strides, "auto_pad": _padding(layer), "group": channels}
    return _activate(graph, _convolution(graph, x, kernel, *bias, **place), layer.activation)


def _dense(graph: Graph, layer: Any, x: str) -> str:
    if not layer.use_bias:
        raise _refuse(layer, "no bias")
    kernel, bias = _values(layer.kernel, layer.bias)
    name = graph.name("Gemm")
    weight = graph.array(f"{name}/kernel", kernel)
    offset = graph.array(f"{name}/bias", bias)
    y = graph.node("Gemm", graph.node("Flatten", x), weight, offset, name=name)
    return _activate(graph, y, layer.activation)


def _batch_normalization(graph: Graph, layer: Any, x: str) -> str:
    if not (layer.center and layer.scale):
        raise _refuse(layer, "no offset or no scale")
    name = graph.name("BatchNormalization")
    values = _values(layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance)
    parts = zip(("scale", "offset", "mean", "variance"), values, strict=True)
    constants = [graph.array(f"{name}/{part}", value) for part, value in parts]
    return graph.node("BatchNormalization", x, *constants, name=name, epsilon=layer.epsilon)


def _weights(layer: Any) -> list[Any]:
    """The kernel, and the bias where there is one."""
    return _values(layer.kernel, *([layer.bias] if layer.use_bias else []))


def _values(*variables: Any) -> list[Any]:
    return [np.asarray(keras.ops.convert_to_numpy(one), np.float32) for one in variables]


def _max_pooling(graph: Graph, layer: Any, x: str) -> str:
    return graph.node("MaxPool", x, **_window(layer))


def _average_pooling(graph: Graph, layer: Any, x: str) -> str:
    return graph.node("AveragePool", x, **_window(layer))


def _window(layer: Any) -> dict[str, Any]:
    return {
        "kernel_shape": layer.pool_size,
        "strides": layer.strides,
        "auto_pad": _padding(layer),
    }


def _padding(layer: Any) -> str:
    return {"same": "SAME_UPPER", "valid": "VALID"}[layer.padding]


def _global_average(graph: Graph, layer: Any, x: str) -> str:
    return graph.node("GlobalAveragePool", x)


def _flatten(graph: Graph, layer: Any, x: str) -> str:
    """Keras flattens (height, width, channels)."""
    return graph.node("Flatten", graph.node("Transpose", x, perm=[0, 2, 3, 1]))


def _nothing(graph: Graph, layer: Any, x: str) -> str:
    return x


def _activation(graph: Graph, layer: Any, x: str) -> str:
    return _activate(graph, x, layer.activation)


def _activate(graph: Graph, x: str, activation: Any) -> str:
    name = activation.__name__
    if name == "linear":
        return x
    if name == "relu6":
        return graph.node("Clip", x, graph.constant(0.0), graph.constant(6.0))
    if name not in _ACTIVATIONS:
        raise ExportError(f"no rule to export the activation {name}")
    return graph.node(_ACTIVATIONS[name], x)


def _concatenate(graph: Graph, layer: Any, several: Any) -> str:
    return graph.node("Concat", *several, axis=1)


def _add(graph: Graph, layer: Any, several: Any) -> str:
    total, *others = several
    for other in others:
        total = graph.node("Add", total, other)
    return str(total)


_ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid"}
_RULES: dict[Any, Write] = {
    keras.layers.DepthwiseConv2D: _depthwise,
    keras.layers.Conv2D: _conv2d,
    keras.layers.Dense: _dense,
    keras.layers.BatchNormalization: _batch_normalization,
    keras.layers.MaxPooling2D: _max_pooling,
    keras.layers.AveragePooling2D: _average_pooling,
    keras.layers.GlobalAveragePooling2D: _global_average,
    keras.layers.Flatten: _flatten,
    keras.layers.Dropout: _nothing,
    keras.layers.Identity: _nothing,
    keras.layers.Activation: _activation,
    keras.layers.Concatenate: _concatenate,
    keras.layers.Add: _add,
}
