"""Python's and NumPy's global random numbers, which Keras's seeding changes, put back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Put Python's and NumPy's global random states back when the block ends, or raises.

    `keras.utils.set_random_seed` sets both: without this, every random number that a caller draws
    after a training would be that of the training's seed.
    """
    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
