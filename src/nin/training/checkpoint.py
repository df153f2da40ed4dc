"""What a run directory holds at any moment of a training: enough to go on as if never stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nin import backends
from nin.errors import RunError
from nin.training.health import Finding
from nin.training.run import Run
from nin.training.stopping import Stopping
from nin.training.weights import (
    load_variables,
    metadata,
    save_variables,
    training_state,
    weights,
)

#: Seconds of training that a power cut may cost.
SAVE_EVERY = 60.0


class Place(BaseModel):
    """How far a training has come, and what it has noted on the way.

    Attributes:
        epoch: whole epochs done.
        batch: batches done of the next one.
        seconds: of training so far.
        metrics: values of the metrics' variables within the epoch that has begun.
        findings: of the health watch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int = Field(default=0, ge=0, lt=10**9)
    batch: int = Field(default=0, ge=0, lt=10**9)
    seconds: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    metrics: tuple[float, ...] = ()
    findings: tuple[Finding, ...] = ()


def place_of(run: Run) -> Place | None:
    """Where `run` can be continued; None if its training had not begun.

    Raises:
        RunError: the checkpoint is damaged, is none, or has been removed.
    """
    if not run.checkpoint_path.exists():
        if run.metrics():
            raise RunError(f"{run.checkpoint_path} is missing: train it anew")
        return None
    try:
        told = json.loads(metadata(run.checkpoint_path).get("place", ""))
        return Place.model_validate(told)
    except (ValueError, RecursionError) as error:
        raise RunError(f"{run.checkpoint_path} is no checkpoint of a run") from error


def load_checkpoint(run: Run, model: Any) -> None:
    """Give the compiled and built `model`, and its optimiser, the state of the checkpoint.

    Raises:
        RunError: the file is damaged, or belongs to another network.
    """
    load_variables(run.checkpoint_path, training_state(model))


class Checkpoint(keras.callbacks.Callback):
    """Writes the state to continue from every minute; and, an epoch, metrics and weights.

    Keras's own backup knows neither how far an epoch has come nor the state of dropout's random
    numbers, and so repeats an epoch in another way. Here everything that decides the next step is
    in one file that is whole or absent: weights, the optimiser, dropout's state, the metrics so
    far, the place in the shuffled data. Written last, it is never ahead of the other files: a
    training that is killed repeats the steps since, and loses none.

    Args:
        run: where to.
        place: where the training goes on.
        every: seconds between two checkpoints within an epoch.
        health: gives what the health watch has found so far.
        stopping: asked to stop, the state is written at once and `KeyboardInterrupt` is raised.
    """

    def __init__(
        self,
        run: Run,
        place: Place,
        *,
        every: float = SAVE_EVERY,
        health: Callable[[], Sequence[Finding]] = tuple,
        stopping: Stopping | None = None,
    ) -> None:
        super().__init__()
        self.run = run
        self.place = place
        self.every = every
        self.rows = run.metrics()[: place.epoch]
        self.health = health
        self.stopping = stopping or Stopping()
        self._began = time.perf_counter() - place.seconds
        self._saved = time.perf_counter()
        self._epoch = place.epoch
        self._skipped = 0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Write the state before the first step."""
        if not self.run.checkpoint_path.exists():
            self._save(0, 0)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch
        self._skipped = self.place.batch if epoch == self.place.epoch else 0

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Let random numbers that no variable holds depend on the place alone."""
        seed = int(self.run.record["recipe"]["seed"])
        backends.current().reseed(seed, self._epoch, self._skipped + batch)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Write the state, when it is time."""
        if batch == 0 and self._skipped:
            self._add_earlier_metrics()
        if batch + 1 == self.params["steps"]:
            return  # What is left of this epoch is its end.
        if self.stopping.asked or time.perf_counter() - self._saved >= self.every:
            self._save(self._epoch, self._skipped + batch + 1)
        if self.stopping.asked:
            save_variables(self.run.weights_path, weights(self.model))
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write it all."""
        self.rows.append({"epoch": epoch + 1, **(logs or {}), "seconds": self._seconds()})
        self.run.write_metrics(self.rows)
        backends.current().sync(self.model)
        save_variables(self.run.weights_path, weights(self.model))
        self._save(epoch + 1, 0)
        if self.stopping.asked:
            raise KeyboardInterrupt

    def _add_earlier_metrics(self) -> None:
        """The means over an epoch count the batches before the interruption.

        Keras makes these variables in the first step, and so they are given their values after it:
        each is a sum, and to add what it was is what an unbroken epoch had done, to the bit.
        """
        backends.current().sync(self.model)
        variables = self.model.metrics_variables
        if len(variables) != len(self.place.metrics):
            raise RunError(f"{self.run.checkpoint_path} is no checkpoint of this run")
        for variable, value in zip(variables, self.place.metrics, strict=True):
            now = keras.ops.convert_to_numpy(variable.value)
            variable.assign(np.asarray(value, now.dtype) + now)

    def _save(self, epoch: int, batch: int) -> None:
        backends.current().sync(self.model)
        sums = self.model.metrics_variables if batch else ()
        place = Place(
            epoch=epoch,
            batch=batch,
            seconds=self._seconds(),
            metrics=tuple(float(keras.ops.convert_to_numpy(part.value)) for part in sums),
            findings=tuple(self.health()),
        )
        state = training_state(self.model)
        save_variables(self.run.checkpoint_path, state, place=json.dumps(place.model_dump()))
        self._saved = time.perf_counter()

    def _seconds(self) -> float:
        return round(time.perf_counter() - self._began, 2)
