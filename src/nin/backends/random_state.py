"""The random states of Python, NumPy and the backend: seeded, and left as a caller had them."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any, cast

from nin.backends.choice import backend_name, current


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy, the backend and Keras, as `keras.utils.set_random_seed` does.

    That imports TensorFlow for its seed, whatever backend computes: seconds for nothing.
    """
    import keras

    if backend_name() == "tensorflow" or "tensorflow" in sys.modules:
        keras.utils.set_random_seed(seed)
        return
    sys.modules["tensorflow"] = cast(Any, None)  # Python's way to hide a module.
    try:
        keras.utils.set_random_seed(seed)
    finally:
        del sys.modules["tensorflow"]


@contextlib.contextmanager
def random_state_restored() -> Iterator[None]:
    """Put Python's, NumPy's and PyTorch's random states back when the block ends, or raises.

    `set_random_seed` sets them: without this, every random number that a caller draws
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
