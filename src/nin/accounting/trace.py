"""`walk`: the trace of a network, layer by layer; nothing is built or computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, cast

import keras

from nin.accounting.layers import Kind, LayerCost, Pair, Shape, is_known, layer_costs
from nin.accounting.operations import operation_cost
from nin.errors import NinError
from nin.models.blocks import Branches
from nin.models.classifier import Classifier
from nin.models.module import Module

#: The image's position in a trace.
IMAGE = -1


class Step(NamedTuple):
    """One layer, for one image.

    Attributes:
        layer: its class and, for convolutions, the kernel size: ``"Conv2D 5x5"``.
        output_shape: (height, width, channels), or (units,).
        parameters: number of trainable weights; 0 if the layer was used before.
        multiply_adds: products of a weight and a value; pooling and activations have none.
        kind: the kind of layer; see `nin.accounting.layers.Kind`.
        inputs: positions in the trace of the steps whose outputs it takes; -1 is the image.
        non_trainable: values that gradients do not change: moving averages, and the weights of
            layers that are not trainable.
        window: (height, width) in cells of the input that one cell of the output sees.
        strides: cells of the input from one window to the next.
        enlarges: cells of the output in that distance; above 1 if the layer enlarges maps.
    """

    layer: str
    output_shape: Shape
    parameters: int
    multiply_adds: int
    kind: Kind
    inputs: tuple[int, ...]
    non_trainable: int = 0
    window: Pair = (1, 1)
    strides: Pair = (1, 1)
    enlarges: Pair = (1, 1)


def walk(net: Any, input_shape: Shape) -> list[Step]:
    """Every layer of `net` in the order of execution; the last one gives the logits.

    Nothing is built, changed or computed.

    Args:
        net: a layer or model of known kinds: `keras.Sequential`, `Branches`, functional models, a
            `Classifier` with a `net`, nested arbitrarily.
        input_shape: (height, width, channels) of the images.

    Raises:
        NinError: a layer is of an unknown kind, a model runs code of its own (the message names
            it), or a model takes images of another shape.
        InputSizeError: the images are too small for a `Classifier`.
        ValueError: Keras finds that the images do not fit a layer.

    Example:
        >>> first, *_, last = nin.walk(nin.NiN(), (224, 224, 1))
        >>> first.layer, first.output_shape, last.output_shape
        ('Conv2D 11x11', (54, 54, 96), (10,))
    """
    trace = _Tracer()
    trace.through(net, _Proxy(IMAGE, tuple(input_shape)), True)
    return trace.steps


def count_parameters(net: Any, input_shape: Shape) -> int:
    """Number of values that `net` holds once built, including moving averages.

    Nothing is built. See `walk` for arguments and errors.
    """
    return sum(step.parameters + step.non_trainable for step in walk(net, input_shape))


def first_layer_shape(model: Any, input_shape: Shape) -> Shape:
    """(height, width, channels) of the first layer's input, for images of `input_shape`."""
    if isinstance(model, Classifier):
        shape = model.preprocessing.compute_output_shape((1, *input_shape))
        return cast(Shape, shape[1:])
    return tuple(input_shape)


@dataclass(frozen=True)
class _Proxy:
    """A tensor of the network: the step that makes it, and its shape without the batch.

    Not a tuple, which Keras would flatten.
    """

    position: int
    shape: Shape


class _Tracer:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._held: set[int] = set()

    def through(self, layer: Any, proxy: Any, trainable: bool) -> Any:
        """Send a proxy, or a list of them, through a layer or a model, and record its steps."""
        if not isinstance(layer, keras.layers.Layer):
            raise NinError(f"cannot count {type(layer).__name__}: it is no layer and no model")
        trainable = trainable and layer.trainable
        handler = next(handler for kind, handler in _HANDLERS if isinstance(layer, kind))
        if handler is not _Tracer._layer and not _is_ours(layer):
            raise _own_code(layer)
        return handler(self, layer, proxy, trainable)

    def _classifier(self, model: Any, proxy: _Proxy, trainable: bool) -> Any:
        shape = first_layer_shape(model, proxy.shape)
        model.check_size(shape)
        net = model.whole_net()
        if net is None:
            raise _own_code(model)
        return self.through(net, _Proxy(proxy.position, shape), trainable)

    def _chain(self, net: Any, proxy: Any, trainable: bool) -> Any:
        for layer in net.layers:
            proxy = self.through(layer, proxy, trainable)
        return proxy

    def _branches(self, layer: Any, proxy: Any, trainable: bool) -> Any:
        ends = [self.through(path, proxy, trainable) for path in layer.paths]
        return self.through(layer.join, ends, trainable)

    def _graph(self, model: Any, proxy: Any, trainable: bool) -> Any:
        proxies = keras.tree.flatten(proxy)
        _check_inputs(model, proxies)
        # Private, but Keras's own way to send anything at all through the graph, as its
        # `compute_output_spec` does. Public ways would call the layers and change their state.
        ends = model._run_through_graph(
            proxies, operation_fn=lambda operation: partial(self._node, operation, trainable)
        )
        end, *others = keras.tree.flatten(ends)
        if others:
            raise NinError(f"cannot count {model.name}: it has {1 + len(others)} outputs, not one")
        return end

    def _node(self, operation: Any, trainable: bool, *args: Any, **kwargs: Any) -> Any:
        if isinstance(operation, keras.layers.Layer):
            return self.through(operation, [*args, *kwargs.values()][0], trainable)
        proxies = [item for item in keras.tree.flatten((args, kwargs)) if _is_proxy(item)]
        args, kwargs = keras.tree.map_structure(_symbol, (args, kwargs))
        done = operation_cost(operation, len(proxies), args, kwargs)
        return self._write(operation, proxies, done, True)

    def _layer(self, layer: Any, proxy: Any, trainable: bool) -> Any:
        _check_layer(layer)
        shapes = keras.tree.map_structure(lambda one: (1, *one.shape), proxy)
        after = tuple(int(side) for side in layer.compute_output_shape(shapes)[1:])
        proxies = keras.tree.flatten(proxy)
        parts = layer_costs(layer, proxies[0].shape, after)
        counted = sum(part.parameters + part.non_trainable for part in parts)
        if layer.built and layer.weights and counted != layer.count_params():
            raise NinError(f"{layer.name} takes another shape than {_sides([proxies[0].shape])}")
        for part in parts:
            if id(layer) in self._held:
                part = part._replace(parameters=0, non_trainable=0)
            proxies = [self._write(layer, proxies, part, trainable)]
        self._held.add(id(layer))
        return proxies[0]

    def _write(self, layer: Any, proxies: list[_Proxy], done: LayerCost, trainable: bool) -> _Proxy:
        parameters, frozen = (done.parameters, 0) if trainable else (0, done.parameters)
        step = Step(
            f"{type(layer).__name__} {done.label}".rstrip(),
            done.output_shape,
            parameters,
            done.multiply_adds,
            done.kind,
            tuple(proxy.position for proxy in proxies),
            done.non_trainable + frozen,
            done.window,
            done.strides,
            done.enlarges,
        )
        self.steps.append(step)
        return _Proxy(len(self.steps) - 1, done.output_shape)


_HANDLERS: tuple[tuple[type, Callable[[_Tracer, Any, Any, bool], Any]], ...] = (
    (Classifier, _Tracer._classifier),
    (keras.Sequential, _Tracer._chain),
    (Branches, _Tracer._branches),
    (keras.Function, _Tracer._graph),
    (keras.layers.Layer, _Tracer._layer),
)


def _is_ours(model: Any) -> bool:
    """Whether a model computes only what its layers do."""
    ours = type(model).call.__module__.partition(".")[0] in ("keras", "nin")
    return ours and getattr(type(model), "_network", Module._network) is Module._network


def _own_code(layer: Any) -> NinError:
    return NinError(
        f"cannot count what {type(layer).__name__} ({layer.name}) computes: it runs code of its own"
    )


def _check_inputs(model: Any, proxies: list[_Proxy]) -> None:
    taken = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    given = [proxy.shape for proxy in proxies]
    if len(taken) != len(given) or not all(map(_fits, taken, given)):
        raise NinError(f"{model.name} takes {_sides(taken)}, not {_sides(given)}")


def _sides(shapes: Sequence[tuple[int | None, ...]]) -> str:
    return " and ".join("×".join(str(side or "any") for side in shape) for shape in shapes)


def _fits(taken: tuple[int | None, ...], given: Shape) -> bool:
    return len(taken) == len(given) and all(
        side in (None, other) for side, other in zip(taken, given, strict=True)
    )


def _check_layer(layer: Any) -> None:
    why = _problem(layer)
    if why is not None:
        kind = f"{type(layer).__name__} ({layer.name})"
        raise NinError(f"cannot count what a layer of kind {kind} holds and computes{why}")


#: Layers that may be the activation of another layer, because they have no weights.
_WITHOUT_WEIGHTS = {
    getattr(keras.layers, name) for name in ("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax")
}


def _problem(layer: Any) -> str | None:
    """Why a layer cannot be counted, as the end of a message; None if it can."""
    if not is_known(layer):
        return ""
    own = getattr(layer, "activation", None)
    if isinstance(own, keras.layers.Layer) and type(own) not in _WITHOUT_WEIGHTS:
        return ": its activation may have weights: add it as a layer of its own"
    if getattr(layer, "data_format", None) == "channels_first":
        return ": its channels come first"
    if getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None):
        return ": its weights are not those of its kind"
    return None


def _is_proxy(value: Any) -> bool:
    return isinstance(value, _Proxy)


def _symbol(value: Any) -> Any:
    return keras.KerasTensor((None, *value.shape)) if _is_proxy(value) else value
