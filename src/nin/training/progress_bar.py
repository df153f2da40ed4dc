"""The progress of a training, shown in a terminal or written to a log."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta
from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nin.progress import EVERY, FIRST, MOST, LineTimer, time_left
from nin.training.waiting_lines import WaitingLines

#: Seconds: trainings with at least `LONG` left get an estimate of their end; a day.
LONG, DAY = 120.0, 86_400.0


class ShowProgress(keras.callbacks.Callback):
    """A bar over the whole training, with rate and time left, and one line per epoch.

    After ten seconds, a training that takes minutes gets a line that estimates when it will end. If
    standard error is not a terminal there is no bar. Instead, long epochs print a line with rate
    and time left now and then, and the first epoch prints one at least every half minute, even
    while its first step is compiled. The rate of training, without validation, is added to the
    epoch's logs as `images_per_second`.

    Args:
        images_an_epoch: number of training images per epoch.
        console: where to print; standard error by default.
        epochs: total number of epochs; by default the one that `fit` was given.
        best_loss: the lowest validation loss of earlier epochs, infinite before the first: an
            epoch's line then notes whether it is the best so far. None to leave that out.

    Attributes:
        skipped: number of batches skipped at the beginning of the next epoch.
    """

    def __init__(
        self,
        images_an_epoch: int,
        console: Console | None = None,
        epochs: int | None = None,
        best_loss: float | None = None,
    ) -> None:
        super().__init__()
        self.images_an_epoch = images_an_epoch
        self.console = console or Console(stderr=True)
        self.epochs = epochs
        self.best_loss = best_loss
        self.skipped = 0
        self._rate: float | None = None
        self._bar: Progress | None = None
        self._task: Any = None
        self._began = 0.0
        self._epoch = 0
        self._timer: LineTimer | None = None
        self._first: tuple[int, float] | None = None
        self._estimated = False
        self._doing = ""
        self._waiting: WaitingLines | None = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Show the bar, or make sure that the first epoch is not silent."""
        if self._is_log():
            self._waiting = WaitingLines(self.console, self._what_is_done)
            self._waiting.start()
        if not self.console.is_interactive:
            return
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[now]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=self.console,
            transient=True,
        )
        self._bar.start()
        total = self._steps() * self._epochs()
        self._task = self._bar.add_task("training", total=total or None, now="")

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the epoch's clock."""
        self._began = time.perf_counter()
        self._rate = None
        self._epoch = epoch
        self._doing = "preparing the first step" if self._first is None else "training"
        if self._bar:
            done = epoch * self._steps() + self.skipped
            name = f"epoch {epoch + 1}/{self._epochs()}"
            self._bar.update(self._task, completed=done, description=name)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Move the bar, or print a line when it is time."""
        self._doing = f"{self.skipped + batch + 1:,}/{self._steps():,}"
        if self._bar:
            share = (batch + 1) / (self._steps() or batch + 1)
            rate = share * self.images_an_epoch / (time.perf_counter() - self._began)
            now = f"{_shown(logs or {})}  {rate:,.0f} img/s"
            self._bar.update(self._task, advance=1, now=now)
        self._estimate(self.skipped + batch + 1)
        if self._is_log():
            self._say(self.skipped + batch + 1, logs or {})

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """Stop the epoch's clock: validation is not training."""
        self._doing = "validating"
        self._take_rate()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Print the epoch's line."""
        if self._rate is None:
            self._take_rate()
        assert self._rate is not None
        name = f"epoch {epoch + 1}/{self._epochs()}"
        shown = _shown(logs or {})
        if logs is not None:
            logs["images_per_second"] = round(self._rate, 1)
        line = f"{name}  {shown}  {self._rate:,.0f} img/s{self._verdict(logs or {})}"
        self.console.print(line, highlight=False)
        self._restart_timer()
        self._end_waiting()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Remove the bar."""
        self.close()

    def close(self) -> None:
        """Remove the bar, also after an interruption."""
        self._end_waiting()
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _estimate(self, batch: int) -> None:
        """Print once when training will end, if that is minutes away.

        The first batch is not timed: it is compiled.

        Args:
            batch: how many of the epoch's batches are done.
        """
        now = time.perf_counter()
        if self._first is None:
            self._first = (self._epoch * self._steps() + batch, now)
        elif not self._estimated and self._steps() and now - self._first[1] >= FIRST:
            self._estimated = True
            left = self._left(batch)
            if left >= LONG:
                end = datetime.now() + timedelta(seconds=left)
                at = end.strftime("%H:%M" if left < DAY / 2 else "%a %H:%M")
                epochs = f"{self._epochs()} epochs" if self._epochs() > 1 else "1 epoch"
                self.console.print(f"{epochs}: {time_left(left)}, until {at}", highlight=False)
                self._restart_timer()

    def _say(self, batch: int, logs: dict[str, float]) -> None:
        """Print how far the epoch is, when it is time.

        Args:
            batch: how many of the epoch's batches are done.
            logs: means so far.
        """
        if self._timer is None:
            self._timer = LineTimer()
        elif batch < self._steps() and self._timer.is_due(EVERY if self._waiting else MOST):
            images = self._steps_per_second(batch) * self.images_an_epoch / self._steps()
            self.console.print(
                f"epoch {self._epoch + 1}/{self._epochs()}  {batch:,}/{self._steps():,}"
                f"  {_shown(logs)}  {images:,.0f} img/s  {time_left(self._left(batch))}",
                highlight=False,
            )
            if self._waiting:
                self._waiting.restart()

    def _restart_timer(self) -> None:
        if self._timer:
            self._timer.restart()
        if self._waiting:
            self._waiting.restart()

    def _is_log(self) -> bool:
        draws = self.console.is_interactive or self.console.is_jupyter
        return not (draws or self.console.quiet)

    def _what_is_done(self) -> str:
        seconds = time.perf_counter() - self._began if self._began else 0.0
        return f"epoch {self._epoch + 1}/{self._epochs()}  {self._doing}, {seconds:.0f} s so far"

    def _end_waiting(self) -> None:
        if self._waiting:
            self._waiting.end()
            self._waiting = None

    def _left(self, batch: int) -> float:
        """Seconds of training left after `batch` batches of the epoch."""
        done = self._epoch * self._steps() + batch
        return (self._steps() * self._epochs() - done) / self._steps_per_second(batch)

    def _steps_per_second(self, batch: int) -> float:
        assert self._first is not None
        first, since = self._first
        done = self._epoch * self._steps() + batch
        return (done - first) / (time.perf_counter() - since)

    def _verdict(self, logs: dict[str, float]) -> str:
        loss = logs.get("val_loss", math.nan)
        if self.best_loss is None or not loss < self.best_loss:
            return ""
        self.best_loss = loss
        return "  best so far"

    def _take_rate(self) -> None:
        share = 1 - self.skipped / (self._steps() or 1)
        self._rate = share * self.images_an_epoch / (time.perf_counter() - self._began)

    def _epochs(self) -> int:
        return self.epochs or int(self.params["epochs"])

    def _steps(self) -> int:
        """Batches in a whole epoch; 0 if unknown."""
        return (self.params.get("steps") or -self.skipped) + self.skipped


def _shown(logs: dict[str, float]) -> str:
    names = {
        "loss": "loss",
        "accuracy": "acc",
        "val_loss": "val_loss",
        "val_accuracy": "val_acc",
    }
    return "  ".join(f"{short} {logs[name]:.3f}" for name, short in names.items() if name in logs)
