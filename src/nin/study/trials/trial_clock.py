"""`TrialClock`: times the training of a trial, and ends it after the trial's steps."""

from __future__ import annotations

import time

import keras

from nin.progress import LineTimer, stderr_console, time_left


class TrialClock(keras.callbacks.Callback):
    """Measures the time of training, and stops it after the trial's steps.

    If standard error is neither a terminal nor a notebook, a long training prints its progress now
    and then.

    Args:
        label: what the lines begin with.
        steps: number of steps of the trial.
        batch_size: images per step.
    """

    def __init__(self, label: str, steps: int, batch_size: int) -> None:
        super().__init__()
        self.label, self.steps, self.batch_size = label, steps, batch_size
        self.seconds = 0.0
        self._done = 0
        self._since: float | None = None
        self._console = stderr_console()
        self._timer = LineTimer()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the clock, except before the very first batch."""
        self._since = time.perf_counter() if self._done else None

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Add the time since the last batch; stop after the last step."""
        now = time.perf_counter()
        self.seconds += 0.0 if self._since is None else now - self._since
        self._since = now
        self._done += 1
        if self._done >= self.steps:
            self.model.stop_training = True
        elif self.seconds and not (self._console.is_interactive or self._console.is_jupyter):
            self._say()

    def _say(self) -> None:
        if self._timer.is_due():
            rate = (self._done - 1) / self.seconds
            self._console.print(
                f"{self.label}: {self._done:,} of {self.steps:,} steps"
                f"  {rate * self.batch_size:,.0f} img/s"
                f"  {time_left((self.steps - self._done) / rate)}",
                markup=False,
            )
