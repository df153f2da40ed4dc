"""Checkpoints: at any moment a run directory holds enough to continue as if never stopped."""

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
from nin.training.restart import Restart
from nin.training.runs.arrays import read_metadata
from nin.training.runs.run import SAVE_EVERY, Run
from nin.training.runs.weights import (
    are_finite,
    averaged_weights,
    load_variables,
    save_variables,
    training_state,
)
from nin.training.stop_signal import StopSignal


class Position(BaseModel):
    """How far a training has come, and what it has recorded so far.

    Attributes:
        epoch: number of whole epochs done.
        batch: number of batches of the next epoch done.
        seconds: seconds of training so far.
        metrics: values of the metrics' variables in the unfinished epoch.
        plotted: values plotted by the book's loop in the unfinished epoch, with sample counts.
        findings: findings of the health watch.
        restarts: restarts of this training, each at a lower learning rate.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int = Field(default=0, ge=0, lt=10**9)
    batch: int = Field(default=0, ge=0, lt=10**9)
    seconds: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    metrics: tuple[float, ...] = ()
    plotted: dict[str, list[tuple[float, int]]] = {}
    findings: tuple[Finding, ...] = ()
    restarts: tuple[Restart, ...] = ()


def read_position(run: Run) -> Position | None:
    """Where `run` can be continued; None if its training had not begun.

    Raises:
        RunError: the checkpoint is damaged, of another kind, or has been removed.
    """
    if not run.checkpoint_path.exists():
        if any(row["epoch"] > 0 for row in run.metrics()):
            raise RunError(f"{run.checkpoint_path} is missing: train again")
        return None
    try:
        values = json.loads(read_metadata(run.checkpoint_path).get("place", ""))
        return Position.model_validate(values)
    except (ValueError, RecursionError) as error:
        raise RunError(f"{run.checkpoint_path} is not a checkpoint of a run") from error


def load_checkpoint(run: Run, model: Any) -> None:
    """Give the compiled and built `model`, and its optimiser, the state of the checkpoint.

    Raises:
        RunError: the file is damaged, or belongs to another network.
    """
    load_variables(run.checkpoint_path, training_state(model))
    model.is_fresh = False


class Checkpoint(keras.callbacks.Callback):
    """Writes the state to continue from every minute, and after each epoch also its metrics.

    The network's own weights, or their averages, are written when an epoch is the best so far (see
    `Run.best_epoch`); the state to continue from is always the latest.

    Keras's own backup holds neither the position within an epoch nor the state of dropout's random
    numbers, so that a repeated epoch differs. Here everything that decides the next step is in one
    file that is whole or absent: weights, optimiser, dropout's state, the metrics so far and the
    position in the shuffled data. It is written last, so that it is never ahead of the other files:
    a training that is killed repeats the steps since then, and loses none.

    Args:
        run: the run to write to.
        position: where the training continues.
        every: seconds between two checkpoints within an epoch.
        health: returns the findings of the health watch so far.
        lost: returns whether this training is to be restarted, so that nothing more of it is kept.
        stop_signal: once received, the state is written at once and `KeyboardInterrupt` is raised.
    """

    def __init__(
        self,
        run: Run,
        position: Position,
        *,
        every: float = SAVE_EVERY,
        health: Callable[[], Sequence[Finding]] = tuple,
        lost: Callable[[], object] = bool,
        stop_signal: StopSignal | None = None,
    ) -> None:
        super().__init__()
        self.run = run
        self.position = position
        self.every = every
        self.rows = [row for row in run.metrics() if row["epoch"] <= position.epoch]
        self.health = health
        self.lost = lost
        self.stop_signal = stop_signal or StopSignal()
        self._began = time.perf_counter() - position.seconds
        self._saved = time.perf_counter()
        self._epoch = position.epoch
        self._skipped = 0
        self._begins = (position.epoch, position.batch) == (0, 0)

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Write the state before the first step."""
        if self._begins:
            self._save(0, 0)
            # Files that are there come from an earlier attempt, or are what this one starts from.
            if self.run.metrics() != self.rows:
                self.run.write_metrics(self.rows)
            if not self.rows:
                self.run.weights_path.unlink(missing_ok=True)
            self._begins = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch
        self._skipped = self.position.batch if epoch == self.position.epoch else 0
        if self._skipped:
            self.model.trainer.means.restore(self.position.plotted)

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Make random numbers whose state no variable holds depend on the position alone."""
        seed = int(self.run.record["recipe"]["seed"])
        backends.current().reseed(seed, self._epoch, self._skipped + batch)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Write the state, when it is time."""
        if batch == 0 and self._skipped:
            self._add_earlier_metrics()
        if batch + 1 == self.params["steps"]:
            return  # The end of the epoch, which comes next, saves the state.
        due = self.stop_signal.received or time.perf_counter() - self._saved >= self.every
        if due and not self.lost():
            self._save(self._epoch, self._skipped + batch + 1)
        if self.stop_signal.received:
            if not self.rows:
                save_variables(self.run.weights_path, averaged_weights(self.model))
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write everything, and stop if no epoch has been better for too long."""
        if not self.lost():
            self._keep(epoch, logs or {})
        if self.stop_signal.received:
            raise KeyboardInterrupt

    def _keep(self, epoch: int, logs: dict[str, float]) -> None:
        # Other callbacks may have put these two into the logs, too.
        ours = {"epoch": epoch + 1, "seconds": self.seconds()}
        self.rows.append({"epoch": epoch + 1, **logs, **ours})
        self.run.write_metrics(self.rows)
        backends.current().sync(self.model)
        if self.run.best_epoch(self.rows) == epoch + 1:
            save_variables(self.run.weights_path, averaged_weights(self.model))
        self._save(epoch + 1, 0)
        if self.run.is_over(self.rows):
            self.model.stop_training = True

    def _add_earlier_metrics(self) -> None:
        """Include the batches before the interruption in the means over the epoch.

        Keras makes these variables in the first step, so they get their values after it. Each is a
        sum: adding its earlier value gives bit for bit the sum of an uninterrupted epoch.
        """
        backends.current().sync(self.model)
        variables = self.model.metrics_variables
        if len(variables) != len(self.position.metrics):
            raise RunError(f"{self.run.checkpoint_path} is not a checkpoint of this run")
        for variable, value in zip(variables, self.position.metrics, strict=True):
            now = keras.ops.convert_to_numpy(variable.value)
            variable.assign(np.asarray(value, now.dtype) + now)

    def _save(self, epoch: int, batch: int) -> None:
        backends.current().sync(self.model)
        state = training_state(self.model)
        if not are_finite(state):  # Nothing could be continued from here.
            return
        sums = self.model.metrics_variables if batch else ()
        position = Position(
            epoch=epoch,
            batch=batch,
            seconds=self.seconds(),
            metrics=tuple(float(keras.ops.convert_to_numpy(part.value)) for part in sums),
            plotted=self.model.trainer.means.values() if batch else {},
            findings=tuple(self.health()),
            restarts=self.position.restarts,
        )
        save_variables(self.run.checkpoint_path, state, place=json.dumps(position.model_dump()))
        self._saved = time.perf_counter()

    def seconds(self) -> float:
        """Seconds of training so far, including those before an interruption."""
        return round(time.perf_counter() - self._began, 2)
