"""Hooks that a user has overridden: whether they suit the data, and which loop calls them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from nin import backends
from nin.backends.distribution import layout
from nin.data import DataModule
from nin.errors import Advice, Argument, BackendError, NinError
from nin.models import Module
from nin.models.geometry import is_builtin


def needs_book_loop(trainer: Any, model: Module) -> bool:
    """Whether a hook has been replaced that only the book's loop calls."""
    hooks = [getattr(type(trainer), name) for name in ("fit_epoch", "prepare_batch")]
    if trainer.gradient_clip_val:
        hooks.append(type(trainer).clip_gradients)
    hooks += [getattr(type(model), name) for name in ("training_step", "validation_step")]
    return not all(map(is_builtin, hooks))


def hidden_net_note(model: Module) -> str | None:
    """The note for a model whose own `forward` or `call` keeps `self.net` from being prepared."""
    own = "forward" if model.own_forward else "call"
    if (own == "call" and is_builtin(type(model).call)) or not hasattr(model, "net"):
        return None
    return (
        f"{type(model).__name__} has a {own} of its own: images and initial weights stay as they"
        " are. If it only calls self.net, leave it out"
    )


def is_compilable(model: Module, loader: Iterable[Any]) -> bool:
    """Whether Keras can make a graph of a model; custom code may only run eagerly.

    Args:
        model: a built model.
        loader: what it is trained on.
    """
    parts = [type(layer) for layer in model._flatten_layers()]
    if model.own_forward is None and all(map(is_builtin, [type(model).loss, *parts[1:]])):
        return True
    X, Y, *_ = next(iter(loader))
    arrays = [keras.ops.convert_to_tensor(each) for each in (X, Y)]
    return backends.current().can_compile(
        lambda X, Y: model.loss(model(X, training=True), Y), arrays
    )


def check_weights(trainer: Any, model: Module, data: DataModule) -> None:
    """Refuse weights of images with the book's loop, whose steps would take them for labels.

    Batches that several devices share also have such weights.

    Raises:
        NinError: states what to do.
    """
    if not needs_book_loop(trainer, model):
        return
    steps = [getattr(type(model), name) for name in ("training_step", "validation_step")]
    who = trainer if all(map(is_builtin, steps)) else model
    what = f"{type(who).__name__} trains by steps or a loop of its own"
    if layout().devices > 1:
        raise BackendError(
            f"{what}, which one device runs", Advice("use {}", Argument("devices", 1))
        )
    if getattr(data, "balance", "none") == "weights":
        raise NinError(
            f"{what}, which take no weights of images",
            Advice("use {}", Argument("balance", "sampling")),
        )


def check_loss(model: Module, data: DataModule) -> None:
    """Refuse a loss that cannot take the labels that `data` mixes or smooths.

    Raises:
        NinError: states what to leave out.
    """
    # In a user's own data module, `augmentation` may be anything.
    if not getattr(getattr(data, "augmentation", None), "shares_labels", False):
        return
    classes = len(getattr(data, "classes", ())) or 2
    logits, shares = np.zeros((2, 2, classes), np.float32)
    try:
        model.loss(keras.ops.convert_to_tensor(logits), keras.ops.convert_to_tensor(shares))
    except Exception as error:
        raise NinError(
            f"{type(model).__name__}.loss takes labels as numbers, not as shares of all classes,"
            " which mixup, cutmix and label_smoothing make of them: leave these out"
        ) from error
