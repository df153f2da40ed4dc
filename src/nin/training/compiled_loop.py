"""Keras's own training loop, which can begin mid-epoch after an interruption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from nin import backends
from nin.models import Module
from nin.training.averaging import keeping_unaveraged
from nin.training.custom_hooks import is_compilable
from nin.training.loaders import Loaders


def stops(epoch: int, batch: int, epochs: int) -> list[int]:
    """The epochs at which the calls of Keras's `fit` end, in order.

    The rest of an interrupted epoch takes a `fit` of its own, because it has fewer steps.

    Args:
        epoch: number of epochs done.
        batch: number of batches of the next epoch done.
        epochs: total number of epochs.
    """
    return [epoch + 1, epochs] if batch else [epochs]


def as_one_training(callbacks: Sequence[Any], parts: int) -> list[Any]:
    """The callbacks, for which a training of several `fit` calls begins once and ends once."""
    if parts == 1:
        return [*callbacks]
    # Each `fit` has its own history.
    histories = [each for each in callbacks if isinstance(each, keras.callbacks.History)]
    others = [each for each in callbacks if each not in histories]
    return [*histories, _OneTraining(others, parts)]


class _OneTraining(keras.callbacks.CallbackList):
    """Tells callbacks only of the first beginning and the last end of training.

    Args:
        callbacks: Keras's.
        parts: number of `fit` calls.
    """

    def __init__(self, callbacks: Sequence[Any], parts: int) -> None:
        super().__init__([*callbacks])
        self._parts, self._ended = parts, 0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Pass on the first beginning."""
        if not self._ended:
            super().on_train_begin(logs)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Pass on the last end, which may come early."""
        self._ended += 1
        if self._ended == self._parts or self.model.stop_training:
            super().on_train_end(logs)


def fit_compiled(
    model: Module,
    loaders: Loaders,
    callbacks: Sequence[Any],
    epoch: int,
    batch: int,
    stop: int,
) -> None:
    """Train with Keras's `fit`, which leaves ``model.history``.

    Args:
        model: compiled; if Keras cannot make a graph of it, it runs eagerly.
        loaders: the batches.
        callbacks: Keras's.
        epoch: number of epochs done.
        batch: number of batches of the next epoch done.
        stop: number of epochs done at the end.
    """
    if not is_compilable(model, loaders.train):
        model.run_eagerly, model.jit_compile = True, False
    loaders.seek(epoch, batch)
    model.history = None
    first = _FirstStep()
    with loaders.reading_ahead(), keeping_unaveraged(model.optimizer), first.undone_in(model):
        model.fit(
            loaders.train,
            validation_data=loaders.validation,
            epochs=stop,
            initial_epoch=epoch,
            shuffle=False,
            verbose=0,
            callbacks=[*callbacks, first],
        )


class _FirstStep(keras.callbacks.Callback):
    """Undoes what an interruption of the first step leaves of a model.

    For a step, Keras's loop on JAX takes the values out of the model's variables. If the step is
    interrupted while it is compiled, there is no result to put back.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_done = False

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """The variables have values from now on."""
        self._is_done = True

    @contextmanager
    def undone_in(self, model: Module) -> Iterator[None]:
        """Put the values back if the block ends in the first step."""
        variables = [*model.variables, *model.optimizer.variables]
        before = [each.value for each in variables] if backends.choose() == "jax" else []
        try:
            yield
        finally:
            if before and not self._is_done:
                for variable, value in zip(variables, before, strict=True):
                    if not value.is_deleted():  # Else the step was complete, but for this callback.
                        variable.assign(value)


def history_of(model: Module) -> dict[str, list[float]]:
    """The metrics of the last `fit` per epoch; a user's `History` also holds earlier epochs."""
    epochs = len(getattr(getattr(model, "history", None), "epoch", ()))
    if not epochs:  # Interrupted before the end of the first epoch.
        return {}
    return {name: values[-epochs:] for name, values in model.history.history.items()}


def pays_to_jit() -> bool:
    """Whether XLA is faster here, or the only choice.

    JAX has no other; on a CPU, TensorFlow's own kernels (oneDNN) are faster.
    """
    backend = backends.choose()
    return backend == "jax" or (backend == "tensorflow" and backends.num_gpus() > 0)
