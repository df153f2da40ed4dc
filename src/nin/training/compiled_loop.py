"""Keras's own training loop, begun in the middle of an epoch where a training was interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from nin import backends
from nin.models import Module
from nin.training.averaging import keeping_unaveraged
from nin.training.custom_hooks import is_compilable
from nin.training.loaders import Loaders


def stops(epoch: int, batch: int, epochs: int) -> list[int]:
    """The epochs at which Keras's `fit` ends, in order.

    The rest of an epoch that was interrupted is a `fit` of its own: it has fewer steps.

    Args:
        epoch: how many epochs are done.
        batch: how many batches of the next are done.
        epochs: how many there are to be.
    """
    return [epoch + 1, epochs] if batch else [epochs]


def as_one_training(callbacks: Sequence[Any], parts: int) -> list[Any]:
    """The callbacks such that a training which takes so many `fit` begins once and ends once."""
    if parts == 1:
        return [*callbacks]
    # Of each `fit` there is a history of its own.
    histories = [each for each in callbacks if isinstance(each, keras.callbacks.History)]
    others = [each for each in callbacks if each not in histories]
    return [*histories, _OneTraining(others, parts)]


class _OneTraining(keras.callbacks.CallbackList):
    """Tells callbacks of the first beginning and the last end.

    Args:
        callbacks: Keras's.
        parts: how many `fit` there are.
    """

    def __init__(self, callbacks: Sequence[Any], parts: int) -> None:
        super().__init__([*callbacks])
        self._parts, self._ended = parts, 0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Tell it of the first."""
        if not self._ended:
            super().on_train_begin(logs)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Tell it of the last, which may come early."""
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
        model: compiled; what Keras cannot make a graph of runs batch by batch.
        loaders: the batches.
        callbacks: Keras's.
        epoch: how many epochs are done.
        batch: how many batches of the next are done.
        stop: how many epochs are done at the end.
    """
    if not is_compilable(model, loaders.train):
        model.run_eagerly, model.jit_compile = True, False
    loaders.seek(epoch, batch)
    model.history = None
    with loaders.reading_ahead(), keeping_unaveraged(model.optimizer):
        model.fit(
            loaders.train,
            validation_data=loaders.validation,
            epochs=stop,
            initial_epoch=epoch,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )


def history_of(model: Module) -> dict[str, list[float]]:
    """What the last `fit` measured, epoch by epoch; a reader's own `History` holds those before."""
    epochs = len(getattr(model.history, "epoch", ()))
    if not epochs:  # It was interrupted before, or within the first.
        return {}
    return {name: values[-epochs:] for name, values in model.history.history.items()}


def pays_to_jit() -> bool:
    """Whether XLA is the faster way here, or the only one.

    It is JAX's only way; on a CPU TensorFlow's own kernels (oneDNN) are faster.
    """
    backend = backends.choose()
    return backend == "jax" or (backend == "tensorflow" and backends.num_gpus() > 0)
