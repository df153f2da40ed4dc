"""How to write each kind of Keras layer that this package's networks have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from nin.errors import ExportError
from nin.models.batch_normalization import BatchNormalization
from nin.models.blocks import AveragePooling
from nin.models.geometry import is_builtin
from nin.onnx_graph.graph import Graph


class Signal(NamedTuple):
    """What flows between layers.

    Attributes:
        name: of the tensor.
        size: (height, width) of a tensor (n, channels, height, width).
        is_row: whether the tensor is (n, values).
        is_flat: whether it stands for rows in Keras's order, which the next layer is to make.
    """

    name: str
    size: tuple[int, int] = (1, 1)
    is_row: bool = False
    is_flat: bool = False


Write = Callable[[Graph, Any, Any], Signal]
#: Packages whose functions do what their names say; a user's function may have any name.
_FRAMEWORKS = ("jax", "tensorflow", "torch")
#: Methods by which a subclass changes what its layer computes.
_COMPUTING = ("call", "convolution_op")


def rule(layer: Any) -> Write:
    """The function that writes a layer, given the graph, the layer and its input or inputs.

    Raises:
        ExportError: it is a layer that no network of this package has.
    """
    own: Any = type(layer)
    for kind, write in _RULES.items():
        # A subclass may compute anything.
        if isinstance(layer, kind) and all(
            getattr(own, name, None) is getattr(kind, name, None) for name in _COMPUTING
        ):
            return write
    raise ExportError(f"cannot export a layer of type {type(layer).__name__} ({layer.name})")


def _refuse(layer: Any, what: str) -> ExportError:
    return ExportError(f"cannot export {type(layer).__name__} ({layer.name}) with {what}")


def _conv2d(graph: Graph, layer: Any, x: Signal) -> Signal:
    if tuple(layer.dilation_rate) != (1, 1):
        raise _refuse(layer, "a dilation")
    kernel, *bias = _weights(layer)
    place, size = _placed(layer, x.size, kernel.shape[:2])
    if layer.groups != 1:
        place["group"] = layer.groups
    y = graph.convolution(x.name, kernel, *bias, **place)
    return Signal(_activate(graph, y, layer.activation), size)


def _depthwise(graph: Graph, layer: Any, x: Signal) -> Signal:
    if tuple(layer.dilation_rate) != (1, 1):
        raise _refuse(layer, "a dilation")
    kernel, *bias = _weights(layer)
    height, width, channels, each = kernel.shape
    place, size = _placed(layer, x.size, (height, width))
    kernel = kernel.reshape(height, width, 1, channels * each)
    y = graph.convolution(x.name, kernel, *bias, group=channels, **place)
    return Signal(_activate(graph, y, layer.activation), size)


def _placed(
    layer: Any, size: tuple[int, int], window: Sequence[int]
) -> tuple[dict[str, Any], tuple[int, int]]:
    """Strides and pads of a window on an image of this size; and the size of the output."""
    rows, columns = (
        _along(*axis, layer.padding) for axis in zip(size, window, layer.strides, strict=True)
    )
    pads = [rows[1], columns[1], rows[2], columns[2]]
    return {"strides": layer.strides, "pads": pads}, (rows[0], columns[0])


def _along(size: int, window: int, stride: int, padding: str) -> tuple[int, int, int]:
    """Positions of a window along an axis, and the pads before and after it, as in Keras."""
    if padding == "valid":
        return (size - window) // stride + 1, 0, 0
    positions = -(-size // stride)
    total = max((positions - 1) * stride + window - size, 0)
    return positions, total // 2, total - total // 2


def _dense(graph: Graph, layer: Any, x: Signal) -> Signal:
    if not layer.use_bias:
        raise _refuse(layer, "no bias")
    if not (x.is_row or x.is_flat):
        raise _refuse(layer, "positions that are not flattened")
    kernel, bias = values(layer.kernel, layer.bias)
    if x.is_flat:  # Keras flattens (height, width, channels), ONNX (channels, height, width).
        inputs, units = kernel.shape
        kernel = kernel.reshape(*x.size, -1, units).transpose(2, 0, 1, 3).reshape(inputs, units)
        x = Signal(graph.node("Flatten", x.name), is_row=True)
    name = graph.name("Gemm")
    weight = graph.array(f"{name}/kernel", kernel)
    offset = graph.array(f"{name}/bias", bias)
    y = graph.node("Gemm", x.name, weight, offset, name=name)
    return Signal(_activate(graph, y, layer.activation), is_row=True)


def as_rows(graph: Graph, x: Signal) -> Signal:
    """The signal as (n, values) in Keras's order, if it stands for rows."""
    if not x.is_flat:
        return x
    is_ordered = x.size == (1, 1)
    y = x.name if is_ordered else graph.node("Transpose", x.name, perm=[0, 2, 3, 1])
    return Signal(graph.node("Flatten", y), is_row=True)


def _check_axis(layer: Any, x: Signal) -> None:
    if layer.axis not in ((-1, 1) if x.is_row or x.is_flat else (-1, 3)):
        raise _refuse(layer, f"axis {layer.axis}")


def _batch_normalization(graph: Graph, layer: Any, x: Signal) -> Signal:
    _check_axis(layer, x)
    if not (layer.center and layer.scale):
        raise _refuse(layer, "no offset or no scale")
    x = as_rows(graph, x)
    scale, offset, mean, variance = values(
        layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance
    )
    y = graph.batch_normalization(
        x.name, layer.epsilon, scale=scale, offset=offset, mean=mean, variance=variance
    )
    return x._replace(name=y)


def _weights(layer: Any) -> list[Any]:
    """The kernel, and the bias if there is one."""
    return values(layer.kernel, *([layer.bias] if layer.use_bias else []))


def values(*variables: Any) -> list[Any]:
    """The values of variables, float32."""
    return [np.asarray(keras.ops.convert_to_numpy(one), np.float32) for one in variables]


def _max_pooling(graph: Graph, layer: Any, x: Signal) -> Signal:
    return _pooling(graph, "MaxPool", layer, x)


def _average_pooling(graph: Graph, layer: Any, x: Signal) -> Signal:
    top, left, bottom, right = _placed(layer, x.size, layer.pool_size)[0]["pads"]
    repeats = keras.backend.backend() == "torch" and not isinstance(layer, AveragePooling)
    if repeats and (top, left) != (bottom, right):
        raise _refuse(layer, "borders that PyTorch repeats")
    return _pooling(graph, "AveragePool", layer, x)


def _pooling(graph: Graph, operation: str, layer: Any, x: Signal) -> Signal:
    place, size = _placed(layer, x.size, layer.pool_size)
    y = graph.node(operation, x.name, kernel_shape=layer.pool_size, **place)
    return Signal(y, size)


def _global_average(graph: Graph, layer: Any, x: Signal) -> Signal:
    return Signal(graph.node("GlobalAveragePool", x.name), is_flat=True)


def _flatten(graph: Graph, layer: Any, x: Signal) -> Signal:
    return x if x.is_row else x._replace(is_flat=True)


def _nothing(graph: Graph, layer: Any, x: Signal) -> Signal:
    return x


def _activation(graph: Graph, layer: Any, x: Signal) -> Signal:
    return x._replace(name=_activate(graph, x.name, layer.activation))


def _activate(graph: Graph, x: str, activation: Any) -> str:
    name = getattr(activation, "__name__", type(activation).__name__)
    home = str(activation.__module__).partition(".")[0]
    if not is_builtin(activation) and home not in _FRAMEWORKS:
        raise ExportError(f"cannot export the activation {name}")
    if name == "linear":
        return x
    if name == "relu6":
        return graph.node("Clip", x, graph.constant(0.0), graph.constant(6.0))
    if name not in _ACTIVATIONS:
        raise ExportError(f"cannot export the activation {name}")
    return graph.node(_ACTIVATIONS[name], x)


def _concatenate(graph: Graph, layer: Any, several: Any) -> Signal:
    for one in several:
        _check_axis(layer, one)
    first, *others = _alike(graph, several)
    names = [one.name for one in (first, *others)]
    return first._replace(name=graph.node("Concat", *names, axis=1))


def _add(graph: Graph, layer: Any, several: Any) -> Signal:
    total, *others = _alike(graph, several)
    for other in others:
        (one, two), (height, width) = total.size, other.size  # One of 1 is repeated.
        sides = (max(one, height), max(two, width))
        total = total._replace(name=graph.node("Add", total.name, other.name), size=sides)
    return total


def _alike(graph: Graph, several: Any) -> list[Signal]:
    """Signals to be joined: as rows or, if one of them is images, as images, some of one pixel."""
    if all(one.is_flat or one.is_row for one in several):
        return [as_rows(graph, one) for one in several]
    sides = graph.constant([2, 3], "int64")
    return [
        Signal(graph.node("Unsqueeze", one.name, sides))
        if one.is_row
        else one._replace(is_flat=False)
        for one in several
    ]


_ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid"}
_RULES: dict[Any, Write] = {
    keras.layers.DepthwiseConv2D: _depthwise,
    keras.layers.Conv2D: _conv2d,
    keras.layers.Dense: _dense,
    BatchNormalization: _batch_normalization,
    keras.layers.BatchNormalization: _batch_normalization,
    keras.layers.MaxPooling2D: _max_pooling,
    AveragePooling: _average_pooling,
    keras.layers.AveragePooling2D: _average_pooling,
    keras.layers.GlobalAveragePooling2D: _global_average,
    keras.layers.Flatten: _flatten,
    keras.layers.Dropout: _nothing,
    keras.layers.Identity: _nothing,
    keras.layers.Activation: _activation,
    keras.layers.Concatenate: _concatenate,
    keras.layers.Add: _add,
}
