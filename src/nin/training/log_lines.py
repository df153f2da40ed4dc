"""When a long training says how far it is: soon, every few minutes, and never too often."""

from __future__ import annotations

import time

#: Seconds until the first line and between two of them, …
FIRST, EVERY = 10.0, 30.0
#: … and at least this share of the time so far, but no more than so many seconds.
SHARE, MOST = 0.05, 300.0


class LineTimer:
    """Says when a line about progress is due."""

    def __init__(self) -> None:
        self._began = self._said = time.monotonic()
        self._wait = FIRST

    def is_due(self) -> bool:
        """Whether it is time for a line; if so, it counts as said."""
        if time.monotonic() - self._said < self._wait:
            return False
        self.restart()
        return True

    def restart(self) -> None:
        """Count from now on: something has been said."""
        self._said = time.monotonic()
        self._wait = min(MOST, max(EVERY, SHARE * (self._said - self._began)))


def time_left(seconds: float) -> str:
    """``45 s left``, ``12 min left``, ``3 h 20 min left``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s left"
    if minutes < 90:
        return f"{minutes} min left"
    return f"{minutes // 60} h {minutes % 60} min left"
