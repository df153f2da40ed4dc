"""`Clock`: times the steps of a loop that somebody else runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

#: So many steps pass before the clock starts: the first is compiled, the next fill caches.
WARM_UP = 3
#: At least so many are timed, however long they take.
LEAST_STEPS = 3


class Speed(NamedTuple):
    """What a clock has measured.

    Attributes:
        images_per_second: over the timed steps.
        steps: how many were timed.
        compile_seconds: what the first step, and what came before it, took beyond the fastest.
    """

    images_per_second: float
    steps: int
    compile_seconds: float


class Answer(NamedTuple):
    """What a contender says.

    Attributes:
        parameters: how many weights its network has.
        training: speed of training.
        prediction: speed of prediction.
    """

    parameters: int
    training: dict[str, Any]
    prediction: dict[str, Any]


class Clock:
    """Starts when it is made; is told of each step that has ended.

    Args:
        seconds: for how long steps are timed, after the warm-up.
        batch_size: images a step.
    """

    def __init__(self, seconds: float, batch_size: int) -> None:
        self.seconds = seconds
        self.batch_size = batch_size
        self._times = [time.perf_counter()]

    def tick(self) -> bool:
        """A step has ended, all of its work done; returns whether there is to be another."""
        self._times.append(time.perf_counter())
        timed = len(self._times) - 1 - WARM_UP
        return timed < LEAST_STEPS or self._times[-1] - self._times[WARM_UP] < self.seconds

    def around(self, batches: Any) -> Iterator[Any]:
        """Hand on `batches`, as long as time is left; what is done with one is a step."""
        for batch in batches:
            yield batch
            if not self.tick():
                return

    def speed(self) -> dict[str, Any]:
        """A `Speed`, by name.

        Raises:
            RuntimeError: the loop ended before there was anything to time.
        """
        steps = len(self._times) - 1 - WARM_UP
        if steps < LEAST_STEPS:
            raise RuntimeError(f"only {steps} steps beyond the warm-up")
        a_step = (self._times[-1] - self._times[WARM_UP]) / steps
        first, *_ = took = [after - before for before, after in pairwise(self._times)]
        speed = Speed(
            images_per_second=round(self.batch_size / a_step, 2),
            steps=steps,
            compile_seconds=round(first - min(took), 2),
        )
        return speed._asdict()
