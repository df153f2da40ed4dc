"""Finds mistakes in a custom network before the first step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from nin.errors import InputSizeError, NinError
from nin.models import Classifier
from nin.models.geometry import flow, leaves
from nin.networks.network_source import where_raised
from nin.training.runs.weights import weights

#: Number of images that a network is tried on.
_IMAGES = 4
#: Rescaling layers that multiply by less than this expect bytes.
_LEAST_SCALE = 0.1


def try_network(model: Classifier, classes: int, image_shape: tuple[int, int, int]) -> None:
    """Try a network on a few images of noise; this builds it, and leaves its weights as they are.

    Args:
        model: not yet built, with its image size configured.
        classes: how many logits there should be.
        image_shape: (height, width, channels) of the images as stored.

    Raises:
        InputSizeError: it cannot take images of this shape.
        NinError: it does not give one logit per class; the logits are not finite; a layer breaks
            exact resume, because it draws random numbers without a seed of Keras's or changes a
            value that no checkpoint holds; or it rescales bytes, although images come standardised.
    """
    name = model.source.label if model.source else type(model).__name__
    images = np.random.default_rng(0).integers(0, 256, (_IMAGES, *image_shape), np.uint8)
    logits = _logits(model, images, name)
    if logits.shape != (_IMAGES, classes):
        shape = ", ".join(map(str, ("batch", *logits.shape[1:])))
        raise NinError(
            f"{name} gives ({shape}) in place of (batch, {classes}): its last layer has one unit"
            " per class, with nothing after it"
        )
    if not np.isfinite(logits).all():
        raise NinError(f"{name} returns numbers that are not finite before it is trained")
    _refuse_probabilities(model, logits, name)
    _refuse_rescaling(model, name)
    _refuse_what_is_not_kept(model, name)
    _refuse_other_chance(model, images, name)


def check_stages(model: Classifier, classes: int, size: tuple[int, ...], channels: int) -> None:
    """Refuse a table of stages that the images are too small for, or with the wrong classes.

    Args:
        model: not yet built.
        classes: how many maps the table should end in.
        size: (height, width) of the images that its first layer gets.
        channels: channels of these images.

    Raises:
        InputSizeError: the images are too small.
        NinError: the table ends in another number of maps.
    """
    model.check_size(size)
    maps = model.net.compute_output_shape((1, *size, channels))[-1]
    if maps != classes:
        raise NinError(
            f"the table of stages ends in {maps} maps, and there are {classes} classes: let its"
            ' last width be "classes"'
        )


def _logits(model: Classifier, images: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    file = model.source.file if model.source else None
    try:
        return np.asarray(keras.ops.convert_to_numpy(model(images)))
    except NinError:
        raise
    except Exception as error:
        height, width, channels = images.shape[1:]
        height, width = model.preprocessing.size or (height, width)
        raise InputSizeError(
            f"{name} cannot take images of {height}x{width} with {channels} channels:"
            f" {where_raised(error, file)}"
        ) from error


def _refuse_probabilities(model: Classifier, logits: np.ndarray[Any, Any], name: str) -> None:
    last = list(leaves(model.net))[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    sums_to_one = (logits >= 0).all() and np.allclose(logits.sum(axis=1), 1, atol=1e-3)
    if sums_to_one or isinstance(last, keras.layers.Softmax):
        activation = "softmax"
    if activation in ("softmax", "sigmoid", "log_softmax"):
        raise NinError(
            f"{name} ends in {activation}, and the loss takes logits: leave the activation of the"
            f" last layer ({last.name}) out"
        )


def _refuse_rescaling(model: Classifier, name: str) -> None:
    """Refuse division by 255, after which standardised images are all nearly the same."""
    if model.whole_net() is None:  # Its own `forward` gets the images as stored.
        return
    for layer in leaves(model.net):
        if isinstance(layer, keras.layers.Rescaling) and np.max(np.abs(layer.scale)) < _LEAST_SCALE:
            raise NinError(
                f"{name} rescales the images ({layer.name}), which come standardised: leave that"
                " layer out"
            )


def _refuse_what_is_not_kept(model: Classifier, name: str) -> None:
    """Refuse variables other than weights and Keras's random state: no checkpoint holds them."""
    kept = {id(each) for each in weights(model).values()}
    for variable in model.variables:
        if id(variable) not in kept and variable.name != "seed_generator_state":
            raise NinError(
                f"{name}: no checkpoint holds {variable.path}, so that it could not be resumed"
                " exactly: make it with add_weight of a layer"
            )


def _refuse_other_chance(model: Classifier, images: np.ndarray[Any, Any], name: str) -> None:
    """Refuse a network that in training gives two results from the same state."""
    state = [(each, np.asarray(keras.ops.convert_to_numpy(each.value))) for each in model.variables]
    seen: list[list[Any]] = []
    for _ in range(2):
        outputs: list[Any] = []
        record = _recorder(outputs)
        if model.whole_net() is None:
            record(model, images)
        else:
            flow(model.net, model.preprocessing(images), record)
        _restore(state)
        seen.append(outputs)
    for (layer, one), (_, other) in zip(*seen, strict=True):
        if not np.array_equal(one, other, equal_nan=True):
            which = name if layer is model else f"{name}: {layer.name} ({type(layer).__name__})"
            raise NinError(
                f"{which} gives something else each time from"
                " the same state, so that it could not be resumed exactly: draw random numbers by"
                " keras.random with a keras.random.SeedGenerator"
            )


def _restore(state: list[tuple[Any, Any]]) -> None:
    for variable, value in state:
        variable.assign(value)


def _recorder(outputs: list[Any]) -> Callable[[Any, Any], Any]:
    def visit(layer: Any, signal: Any) -> Any:
        try:
            signal = layer(signal, training=True)
        except TypeError:  # The layer takes no argument `training`.
            signal = layer(signal)
        outputs.append((layer, np.asarray(keras.ops.convert_to_numpy(signal))))
        return signal

    return visit
