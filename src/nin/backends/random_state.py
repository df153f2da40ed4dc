"""The random states of Python, NumPy and the backend, left as a caller had them."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

from nin.backends.choice import current


@contextlib.contextmanager
def random_state_restored() -> Iterator[None]:
    """Put Python's, NumPy's and PyTorch's random states back when the block ends, or raises.

    `keras.utils.set_random_seed` sets them: without this, every random number that a caller draws
    after a training would be that of the training's seed.
    """
    import numpy as np

    python, numpy, restore = random.getstate(), np.random.get_state(), current().random_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        restore()
