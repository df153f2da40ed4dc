"""On a signal to stop, a training finishes its current step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class StopSignal:
    """Whether this process has been asked to stop.

    Attributes:
        received: becomes True at Ctrl-C, and at SIGTERM, which Slurm and Kubernetes send before
            they end a process.
    """

    def __init__(self) -> None:
        self.received = False
        self._before: dict[signal.Signals, Any] = {}

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Within this block, the first signal only sets `received`; a second one acts as usual.

        A signal that is ignored stays so, such as Ctrl-C in a background job. A block inside
        another of the same object changes nothing.
        """
        is_main = threading.current_thread() is threading.main_thread()
        if self._before or not is_main:  # Only the main thread may change what signals do.
            yield
            return
        before: dict[signal.Signals, Any] = {
            number: signal.getsignal(number) or signal.SIG_DFL
            for number in (signal.SIGINT, signal.SIGTERM)
            if signal.getsignal(number) != signal.SIG_IGN
        }

        def stop(number: int, _: FrameType | None) -> None:
            self.received = True
            signal.signal(number, before[signal.Signals(number)])

        for number in before:
            signal.signal(number, stop)
        self._before = before
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """End the effect of `caught` before its block ends."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
