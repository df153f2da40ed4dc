"""`WaitingLines`: lines in a log while a training prints nothing, as when it compiles."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rich.console import Console

from nin.progress import EVERY


class WaitingLines:
    """Prints a line when nothing has been printed for thirty seconds, from a thread of its own.

    Args:
        console: where to print.
        doing: returns what is being done now, in words.
    """

    def __init__(self, console: Console, doing: Callable[[], str]) -> None:
        self.console, self.doing = console, doing
        self._since = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="nin-waiting", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self.restart()
        self._thread.start()

    def restart(self) -> None:
        """Count the thirty seconds anew: something has been printed."""
        self._since = time.monotonic()

    def print_if_due(self) -> None:
        """Print a line if nothing has been printed for long enough."""
        if time.monotonic() - self._since >= EVERY:
            self.restart()
            self.console.print(self.doing(), highlight=False, markup=False)

    def end(self) -> None:
        """Stop printing."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(1.0):
            self.print_if_due()
