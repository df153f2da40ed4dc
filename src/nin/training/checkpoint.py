"""What is written to the run directory after each epoch."""

from __future__ import annotations

import time

import keras

from nin import backends
from nin.training.run import Run
from nin.training.weights import save_variables, training_state, weights


class Checkpoint(keras.callbacks.Callback):
    """Writes a line of metrics, the weights, and the state to continue from.

    In this order: a training that is killed in between repeats one epoch, and loses none.

    Args:
        run: where to.
        epochs_done: how many epochs the run has behind it.
    """

    def __init__(self, run: Run, epochs_done: int = 0) -> None:
        super().__init__()
        self.run = run
        self.rows = run.metrics()[:epochs_done]
        self._began = time.perf_counter() - (self.rows[-1]["seconds"] if self.rows else 0.0)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write it all."""
        seconds = round(time.perf_counter() - self._began, 2)
        self.rows.append({"epoch": epoch + 1, **(logs or {}), "seconds": seconds})
        backends.current().sync(self.model)
        self.run.write_metrics(self.rows)
        save_variables(self.run.weights_path, weights(self.model))
        save_variables(self.run.checkpoint_path, training_state(self.model), epoch=str(epoch + 1))
