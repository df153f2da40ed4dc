"""A progress bar on standard error, for work that takes longer than a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(title: str, total: int, patience: float = 1.0) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with the amount of work just done.

    The bar appears after `patience` seconds, only in a terminal or notebook, and goes at the end.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    seen = console.is_terminal or console.is_jupyter
    bar = Progress(console=console, transient=True, disable=not seen)
    task = bar.add_task(title, total=total)
    begun = time.monotonic()

    def advance(amount: int) -> None:
        if not bar.live.is_started and time.monotonic() - begun > patience:
            bar.start()
        bar.advance(task, amount)

    try:
        yield advance
    finally:
        if bar.live.is_started:
            bar.stop()
