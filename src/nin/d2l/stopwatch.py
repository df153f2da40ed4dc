"""`Timer`: measures how long something takes, round after round."""

from __future__ import annotations

import itertools
import statistics
import time


class Timer:
    """Keeps the seconds between `start` and `stop` (*Dive into Deep Learning*, appendix).

    Attributes:
        times: the seconds of each round.

    Example:
        >>> timer = nin.Timer()
        >>> timer.stop() >= 0, len(timer.times)
        (True, 1)
    """

    def __init__(self) -> None:
        self.times: list[float] = []
        self.start()

    def start(self) -> None:
        """Begin a round."""
        self._began = time.perf_counter()

    def stop(self) -> float:
        """End the round, and return its seconds."""
        self.times.append(time.perf_counter() - self._began)
        return self.times[-1]

    def avg(self) -> float:
        """The mean of all rounds."""
        return statistics.fmean(self.times)

    def sum(self) -> float:
        """The sum of all rounds."""
        return sum(self.times)

    def cumsum(self) -> list[float]:
        """The cumulative sum after each round."""
        return list(itertools.accumulate(self.times))
