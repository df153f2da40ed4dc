"""How many threads a worker has, so that all workers together fit the processor."""

from __future__ import annotations

from typing import NamedTuple

import joblib


class Threads(NamedTuple):
    """Of one worker.

    Attributes:
        computing: for one batch.
        decoding: for pictures; each may hold a whole one, decoded.
    """

    computing: int
    decoding: int


def share(workers: int) -> Threads:
    """An even share of the cores this process may use, containers' limits included."""
    cores = max(1, joblib.cpu_count() // workers)
    return Threads(computing=cores, decoding=min(4, cores))
