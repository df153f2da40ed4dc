"""The tape of a network: what each layer takes, puts out, holds and computes; nothing is built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import keras

from nin.accounting.layers import Kind, Pair, Shape, Work, is_known, work
from nin.accounting.operations import operation_work
from nin.errors import NinError
from nin.models.blocks import Branches
from nin.models.classifier import Classifier
from nin.models.module import Module

#: The position on a tape that stands for the image.
IMAGE = -1


class Step(NamedTuple):
    """One layer, for one image.

    Attributes:
        layer: the layer's class and what tells it from others: ``"Conv2D 5x5"``.
        output_shape: (height, width, channels), or (units,).
        parameters: weights it holds that training changes; 0 where the layer has been before.
        multiply_adds: products of a weight and a value; pooling and activations count as none.
        kind: what it does; see `nin.accounting.layers.Kind`.
        inputs: positions on the tape of the steps whose outputs it takes; -1 is the image.
        non_trainable: values it holds that training does not change by gradients: moving
            averages, and the weights of what is not trainable.
        window: (height, width) of the cells of its input that a cell of its output sees.
        strides: cells of its input from one window to the next...
        enlarges: ...and how many cells of its output lie in between.
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
    """Every layer of `net`, in the order in which they run; the last gives the answers.

    Nothing is built, changed or computed.

    Args:
        net: a layer or model of known kinds: `keras.Sequential`, `Branches`, models made of a
            graph of layers, a `Classifier` with a `net`, nested at will.
        input_shape: (height, width, channels) of the images.

    Raises:
        NinError: a layer is of a kind that is not known here, or a model runs code of its own; it
            is named. Or a model takes images of another shape.
        InputSizeError: the images are too small for a `Classifier`.
        ValueError: Keras finds that the images do not fit a layer.

    Example:
        >>> first, *_, last = nin.walk(nin.NiN(), (224, 224, 1))
        >>> first.layer, first.output_shape, last.output_shape
        ('Conv2D 11x11', (54, 54, 96), (10,))
    """
    tape = _Tape()
    tape.through(net, _Signal(IMAGE, tuple(input_shape)), True)
    return tape.steps


def count_parameters(net: Any, input_shape: Shape) -> int:
    """How many values `net` holds once built, moving averages included.

    Nothing is built to find out. See `walk` for arguments and errors.
    """
    return sum(step.parameters + step.non_trainable for step in walk(net, input_shape))


def seen_shape(model: Any, input_shape: Shape) -> Shape:
    """(height, width, channels) of what the first layer sees, for images of `input_shape`."""
    if isinstance(model, Classifier):
        input_shape = model.preprocessing.compute_output_shape((1, *input_shape))[1:]  # type: ignore[assignment]
    return tuple(input_shape)


@dataclass(frozen=True)
class _Signal:
    """What flows: which step made it, and its shape without the batch.

    No tuple: Keras takes those apart.
    """

    position: int
    shape: Shape


class _Tape:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._held: set[int] = set()

    def through(self, layer: Any, signal: Any, trainable: bool) -> Any:
        """Send a signal, or a list of them, through a layer or a model, writing down its steps."""
        trainable = trainable and layer.trainable
        way = next(way for kind, way in _WAYS if isinstance(layer, kind))
        if way is not _Tape._layer and not _is_ours(layer):
            raise NinError(
                f"cannot count what {type(layer).__name__} ({layer.name}) computes:"
                " it runs code of its own"
            )
        return way(self, layer, signal, trainable)

    def _classifier(self, model: Any, signal: _Signal, trainable: bool) -> Any:
        shape = seen_shape(model, signal.shape)
        model.check_size(shape)
        return self.through(model.net, _Signal(signal.position, shape), trainable)

    def _chain(self, net: Any, signal: Any, trainable: bool) -> Any:
        for layer in net.layers:
            signal = self.through(layer, signal, trainable)
        return signal

    def _branches(self, layer: Any, signal: Any, trainable: bool) -> Any:
        ends = [self.through(path, signal, trainable) for path in layer.paths]
        return self.through(layer.join, ends, trainable)

    def _graph(self, model: Any, signal: Any, trainable: bool) -> Any:
        signals = keras.tree.flatten(signal)
        _check_inputs(model, signals)
        # Private, but Keras's own way to send anything at all through the graph, as its
        # `compute_output_spec` does: public ways would call the layers and leave marks on them.
        ends = model._run_through_graph(
            signals, operation_fn=lambda operation: partial(self._node, operation, trainable)
        )
        end, *others = keras.tree.flatten(ends)
        if others:
            raise NinError(f"cannot count {model.name}: it has {1 + len(others)} outputs, not one")
        return end

    def _node(self, operation: Any, trainable: bool, *args: Any, **kwargs: Any) -> Any:
        if isinstance(operation, keras.layers.Layer):
            return self.through(operation, [*args, *kwargs.values()][0], trainable)
        signals = [item for item in keras.tree.flatten((args, kwargs)) if _is_signal(item)]
        args, kwargs = keras.tree.map_structure(_symbol, (args, kwargs))
        done = operation_work(operation, len(signals), args, kwargs)
        return self._write(operation, signals, done, True)

    def _layer(self, layer: Any, signal: Any, trainable: bool) -> Any:
        _check_layer(layer)
        shapes = keras.tree.map_structure(lambda one: (1, *one.shape), signal)
        after = tuple(int(side) for side in layer.compute_output_shape(shapes)[1:])
        signals = keras.tree.flatten(signal)
        for part in work(layer, signals[0].shape, after):
            if id(layer) in self._held:
                part = part._replace(parameters=0, non_trainable=0)
            signals = [self._write(layer, signals, part, trainable)]
        self._held.add(id(layer))
        return signals[0]

    def _write(self, layer: Any, signals: list[_Signal], done: Work, trainable: bool) -> _Signal:
        parameters, frozen = (done.parameters, 0) if trainable else (0, done.parameters)
        step = Step(
            f"{type(layer).__name__} {done.label}".rstrip(),
            done.output_shape,
            parameters,
            done.multiply_adds,
            done.kind,
            tuple(signal.position for signal in signals),
            done.non_trainable + frozen,
            done.window,
            done.strides,
            done.enlarges,
        )
        self.steps.append(step)
        return _Signal(len(self.steps) - 1, done.output_shape)


_WAYS: tuple[tuple[type, Callable[[_Tape, Any, Any, bool], Any]], ...] = (
    (Classifier, _Tape._classifier),
    (keras.Sequential, _Tape._chain),
    (Branches, _Tape._branches),
    (keras.Function, _Tape._graph),
    (keras.layers.Layer, _Tape._layer),
)


def _is_ours(model: Any) -> bool:
    """Whether what a model computes is told by its layers."""
    ours = type(model).call.__module__.partition(".")[0] in ("keras", "nin")
    return ours and getattr(type(model), "_network", Module._network) is Module._network


def _check_inputs(model: Any, signals: list[_Signal]) -> None:
    taken = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    given = [signal.shape for signal in signals]
    if len(taken) != len(given) or not all(map(_fits, taken, given)):
        raise NinError(f"{model.name} takes {_sides(taken)}, not {_sides(given)}")


def _sides(shapes: Sequence[tuple[int | None, ...]]) -> str:
    return " and ".join("×".join(str(side or "any") for side in shape) for shape in shapes)


def _fits(taken: tuple[int | None, ...], given: Shape) -> bool:
    return len(taken) == len(given) and all(
        side in (None, other) for side, other in zip(taken, given, strict=True)
    )


def _check_layer(layer: Any) -> None:
    why = next((why for why, is_so in _PROBLEMS.items() if is_so(layer)), None)
    if why is not None:
        kind = f"{type(layer).__name__} ({layer.name})"
        raise NinError(f"cannot count what a layer of kind {kind} holds and computes{why}")


#: Why a layer cannot be counted, and how to see it.
_PROBLEMS: dict[str, Callable[[Any], bool]] = {
    "": lambda layer: not is_known(layer),
    ": its channels come first": lambda layer: (
        getattr(layer, "data_format", None) == "channels_first"
    ),
    ": its weights are not those of its kind": lambda layer: bool(
        getattr(layer, "lora_enabled", False) or getattr(layer, "quantization_mode", None)
    ),
}


def _is_signal(value: Any) -> bool:
    return isinstance(value, _Signal)


def _symbol(value: Any) -> Any:
    return keras.KerasTensor((None, *value.shape)) if _is_signal(value) else value
