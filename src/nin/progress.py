"""Progress of long work: a bar, or a line now and then, with the time left."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

#: `progress` without a terminal: seconds before its first line, and between two lines.
_FIRST, _EVERY = 5.0, 30.0

#: `LineTimer`: seconds before its first line, and the fewest between two lines.
FIRST, EVERY = 10.0, 30.0
#: `LineTimer`: time between two lines as a share of the time so far, and the most seconds.
SHARE, MOST = 0.05, 300.0


def stderr_console(*, quiet: bool = False) -> Console:
    """A console for messages to people: standard error, without wrapping or highlighting."""
    from rich.console import Console

    return Console(stderr=True, quiet=quiet, soft_wrap=True, highlight=False)


@contextmanager
def progress(
    title: str, total: int | None, patience: float = 1.0, visible: bool = True, done: int = 0
) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the amount of work just done.

    After `patience` seconds, a bar with the rate and the time left appears in a terminal, or in a
    notebook that has ipywidgets, and disappears at the end. Elsewhere a line is printed after five
    seconds and then every thirty.

    Args:
        title: what is being done.
        total: how much there is to do; None if unknown, and then no time left is shown.
        patience: seconds before anything is shown.
        visible: False to show nothing at all.
        done: how much of it was done earlier; not counted in the rate.
    """
    shown = _Progress(title, total, patience, done)
    try:
        yield shown.advance if visible else _ignore
    finally:
        shown.close()


class LineTimer:
    """Decides when a line about progress is due."""

    def __init__(self) -> None:
        self._began = self._printed = time.monotonic()
        self._wait = FIRST

    def is_due(self, most: float = MOST) -> bool:
        """Whether it is time for a line; if so, it counts as printed.

        Args:
            most: maximum number of seconds between two lines.
        """
        if time.monotonic() - self._printed < min(self._wait, most):
            return False
        self.restart()
        return True

    def restart(self) -> None:
        """Start counting again: a line has just been printed."""
        self._printed = time.monotonic()
        self._wait = min(MOST, max(EVERY, SHARE * (self._printed - self._began)))


def time_left(seconds: float) -> str:
    """``45 s left``, ``12 min left``, ``3 h 20 min left``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s left"
    if minutes < 90:
        return f"{minutes} min left"
    return f"{minutes // 60} h {minutes % 60} min left"


class _Progress:
    def __init__(self, title: str, total: int | None, patience: float, before: int) -> None:
        self.title, self.total, self.patience = title, total, patience
        self.done, self.before, self.begun = before, before, time.monotonic()
        self._next_line = _FIRST
        self._bar: Any = None
        self._has_bar: bool | None = None

    def advance(self, amount: int) -> None:
        self.done += amount
        seconds = time.monotonic() - self.begun
        if seconds <= self.patience:
            return
        if self._has_bar is None:
            self._bar = _bar(self.title, self.total)
            self._has_bar = self._bar is not None
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self.done, rate=self._rate(seconds))
        elif self.done == self.before + amount:
            # The first report may cover many at once: there is no rate yet.
            self._next_line = max(_FIRST, seconds + 1.0)
        elif seconds >= self._next_line and (self.total is None or self.done < self.total):
            print(self._line(seconds), file=sys.stderr, flush=True)
            self._next_line = seconds + _EVERY

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _rate(self, seconds: float) -> str:
        rate = (self.done - self.before) / seconds
        return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"

    def _line(self, seconds: float) -> str:
        if self.total is None:
            return f"{self.title}: {self.done:,}, {self._rate(seconds)}"
        left = (self.total - self.done) * seconds / max(self.done - self.before, 1)
        return (
            f"{self.title}: {self.done:,} of {self.total:,}, {self._rate(seconds)},"
            f" {time_left(left)}"
        )


def _bar(title: str, total: int | None) -> Any:
    """A running bar; None if nothing can draw one."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as TimeLeft

    console = Console(stderr=True)
    # In Jupyter rich draws with ipywidgets; a dumb terminal cannot move its cursor.
    widgets = console.is_jupyter and importlib.util.find_spec("ipywidgets") is not None
    if not (console.is_interactive or widgets):
        return None
    name, rate = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[rate]}")
    columns = [name, BarColumn(), TaskProgressColumn(), rate, TimeLeft(), TextColumn("left")]
    if total is None:
        columns = [name, BarColumn(), TextColumn("{task.completed:,.0f}"), rate]
    # Leave standard output alone: predictions may be redirected to a file.
    bar = Progress(*columns, console=console, transient=True, redirect_stdout=False)
    bar.add_task(title, total=total, rate="")
    bar.start()
    return bar


def _ignore(_: int) -> None:
    pass
