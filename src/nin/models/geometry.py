"""Walks a network's layers to find the image sizes it accepts and whether it has class maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import keras

from nin.errors import NinError
from nin.models.blocks import Branches

LARGEST_SEARCHED = 1024
#: Layers that pass a window over the image.
_WINDOWS = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling2D,
)
#: Layers that may enlarge, crop or turn the image; a graph or a function may do anything.
_ENLARGING = (
    keras.Function,
    keras.layers.CenterCrop,
    keras.layers.Conv2DTranspose,
    keras.layers.Cropping2D,
    keras.layers.Lambda,
    keras.layers.Permute,
    keras.layers.RandomCrop,
    keras.layers.Reshape,
    keras.layers.Resizing,
    keras.layers.UpSampling2D,
    keras.layers.ZeroPadding2D,
)
#: Layers that normalise; their weights may be per channel or per position.
NORMALIZING = (
    keras.layers.BatchNormalization,
    keras.layers.GroupNormalization,
    keras.layers.LayerNormalization,
    keras.layers.Normalization,
    keras.layers.RMSNormalization,
)
#: Window, stride and padding along one side of the image.
_Step = tuple[int, int, str]


def flow(net: Any, signal: Any, visit: Callable[[Any, Any], Any]) -> Any:
    """Send something through nested layers, in the order in which data passes through them.

    Args:
        net: `keras.Sequential`s, `Branches` and functional models, nested arbitrarily; any other
            layer or model is visited as a whole.
        signal: what enters: a tensor, a shape, anything.
        visit: called as ``visit(layer, signal)`` at each innermost layer; returns what leaves it.
            The join of `Branches` and layers with several inputs are given a list.

    Raises:
        NinError: a functional model computes without a layer (``x + y``), and `signal` is not a
            tensor; or it calls a layer with several arguments that depend on the image.
    """
    if isinstance(net, keras.Sequential):
        for layer in net.layers:
            signal = flow(layer, signal, visit)
        return signal
    if isinstance(net, Branches):
        return visit(net.join, [flow(path, signal, visit) for path in net.paths])
    if isinstance(net, keras.Function):
        return _through_graph(net, signal, visit)
    return visit(net, signal)


def _through_graph(net: Any, signal: Any, visit: Callable[[Any, Any], Any]) -> Any:
    def step(operation: Any) -> Callable[..., _Signal]:
        if not isinstance(operation, keras.layers.Layer):
            return partial(_operate, operation)

        def through(*given: Any, **named: Any) -> _Signal:
            inputs = [*given, *named.values()][0]
            values = [each.value for each in keras.tree.flatten(inputs)]
            passed = keras.tree.flatten((given, named))
            if sum(isinstance(each, _Signal) for each in passed) > len(values):
                raise NinError(
                    f"{operation.name} ({type(operation).__name__}) takes inputs as several"
                    " arguments: call it within a layer of your own"
                )
            several = isinstance(inputs, (list, tuple))
            return _Signal(flow(operation, values if several else values[0], visit))

        return through

    # Private, but Keras's own way to send anything at all through the graph, as its
    # `compute_output_spec` does.
    ends = net._run_through_graph([_Signal(signal)], operation_fn=step)
    (end,) = keras.tree.flatten(ends)
    return end.value


def _operate(operation: Any, *given: Any, **named: Any) -> _Signal:
    """Apply an operation that is not a layer, such as ``x + y``: it takes only tensors."""
    signals = [s for s in keras.tree.flatten((given, named)) if isinstance(s, _Signal)]
    if not all(keras.ops.is_tensor(signal.value) for signal in signals):
        raise NinError(
            f"{operation.name} is computed without a layer: write it as a layer of keras.layers,"
            " such as Add or ReLU"
        )
    given, named = keras.tree.map_structure(
        lambda each: each.value if isinstance(each, _Signal) else each, (given, named)
    )
    return _Signal(operation(*given, **named))


class _Signal:
    """Wraps anything as one value: Keras would flatten lists and tuples."""

    def __init__(self, value: Any) -> None:
        self.value = value


def leaves(net: Any) -> Iterator[Any]:
    """The innermost layers, in the order in which data passes through them."""
    if isinstance(net, (keras.Sequential, keras.Function)):
        for layer in net.layers:
            if not isinstance(layer, keras.layers.InputLayer):
                yield from leaves(layer)
    elif isinstance(net, Branches):
        for path in net.paths:
            yield from leaves(path)
        yield net.join
    else:
        yield net


def is_builtin(thing: Any) -> bool:
    """Whether a function or a class is this package's or Keras's, and not a user's."""
    return str(thing.__module__).partition(".")[0] in ("nin", "keras")


def ends_in_average(net: Any) -> bool:
    """Whether positions are averaged before any dense layer."""
    kinds = [type(layer) for layer in leaves(net)]
    return (
        keras.layers.GlobalAveragePooling2D in kinds
        and keras.layers.Dense not in kinds[: kinds.index(keras.layers.GlobalAveragePooling2D)]
    )


def takes_any_size(net: Any) -> bool:
    """Whether any image size works: positions are averaged, and no weights are per position."""
    return ends_in_average(net) and not any(map(_has_weights_per_position, leaves(net)))


def _has_weights_per_position(layer: Any) -> bool:
    if isinstance(layer, keras.layers.PReLU):
        return not {1, 2} <= {*(layer.shared_axes or ())}
    axis = getattr(layer, "axis", None)
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    return isinstance(layer, NORMALIZING) and not {1, 2, -3, -2}.isdisjoint(axes)


def has_class_maps(net: Any) -> bool:
    """Whether each logit is the mean of a map: nothing but a linear layer follows the average."""
    if not ends_in_average(net) or not is_of_layers(net):
        return False
    layers = list(leaves(net))
    if any(map(_moves_axes, layers)):
        return False
    kinds = [type(layer) for layer in layers]
    after = layers[kinds.index(keras.layers.GlobalAveragePooling2D) + 1 :]
    return all(
        isinstance(layer, (keras.layers.Flatten, keras.layers.Dropout))
        or (isinstance(layer, keras.layers.Dense) and _is_linear(layer))
        for layer in after
    )


def _moves_axes(layer: Any) -> bool:
    """Whether a layer changes the default order of height, width and channels."""
    is_permutation = isinstance(layer, keras.layers.Permute)
    return is_permutation or getattr(layer, "data_format", None) == "channels_first"


def is_of_layers(net: Any) -> bool:
    """Whether all models in `net` compute layer by layer, and functional ones only by layers."""
    if isinstance(net, Branches):
        return all(map(is_of_layers, (*net.paths, net.join)))
    if isinstance(net, (keras.Sequential, keras.Function)) and not is_builtin(type(net).call):
        return False
    if isinstance(net, keras.Function) and not isinstance(net, keras.Sequential):
        if not all(isinstance(each, keras.layers.Layer) for each in net.operations):
            return False
        return len(net.inputs) == len(net.outputs) == 1 and all(map(is_of_layers, net.layers))
    return not isinstance(net, keras.Sequential) or all(map(is_of_layers, net.layers))


def _is_linear(layer: Any) -> bool:
    return layer.activation is keras.activations.linear


def smallest_size(net: Any) -> int:
    """The side, in pixels, of the smallest square image that no layer shrinks to nothing."""
    return max(smallest_sides(net))


def smallest_sides(net: Any) -> tuple[int, int]:
    """The least height and the least width, in pixels, that no layer shrinks to nothing.

    They are 1 and 1 for functional models, and if a layer may enlarge the image: such networks
    raise errors of their own when they are built.
    """
    if not isinstance(net, keras.Sequential):
        return 1, 1
    layers = list(_first_way(net))
    if any(isinstance(layer, _ENLARGING) or not is_builtin(type(layer)) for layer in layers):
        return 1, 1
    windows = [layer for layer in layers if isinstance(layer, _WINDOWS)]
    height, width = (_smallest(tuple(_step(each, axis) for each in windows)) for axis in (0, 1))
    return height, width


def _first_way(net: Any) -> Iterator[Any]:
    """The innermost layers along the first path of all `Branches`: all paths agree in size."""
    for layer in net.layers:
        if isinstance(layer, (keras.Sequential, Branches)):
            yield from _first_way(layer if isinstance(layer, keras.Sequential) else layer.paths[0])
        else:
            yield layer


def _step(layer: Any, axis: int) -> _Step:
    window = (getattr(layer, "kernel_size", None) or layer.pool_size)[axis]
    dilation = getattr(layer, "dilation_rate", (1, 1))[axis]
    return (window - 1) * dilation + 1, layer.strides[axis], layer.padding


@cache
def _smallest(steps: tuple[_Step, ...]) -> int:
    return next(
        (size for size in range(1, LARGEST_SEARCHED) if _left_over(size, steps) >= 1),
        LARGEST_SEARCHED,
    )


def _left_over(size: int, steps: tuple[_Step, ...]) -> int:
    for window, stride, padding in steps:
        size = -(-size // stride) if padding == "same" else (size - window) // stride + 1
        if size < 1:
            return 0
    return size
