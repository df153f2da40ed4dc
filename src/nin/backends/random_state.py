"""Seeds the random states of Python, NumPy and the backend, and restores the caller's."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

from nin.backends.choice import backend_name, current

#: The module and names under which Keras keeps its seed and the generator made from it.
_KERAS_STATE = "keras.src.backend.common.global_state"
_SEED = "global_random_seed"
_SEEDS = (_SEED, "global_seed_generator")
_TRACKERS = ("GLOBAL_STATE_TRACKER", "GLOBAL_SETTINGS_TRACKER")


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy, the backend and Keras, as `keras.utils.set_random_seed` does.

    Keras's function imports TensorFlow to seed it, whatever the backend, which can take seconds;
    this one does not.
    """
    import keras
    import numpy as np

    if backend_name() == "tensorflow" or "tensorflow" in sys.modules:
        keras.utils.set_random_seed(seed)
        return
    random.seed(seed)
    np.random.seed(seed)
    current().set_seed(seed)
    _set_keras_state({_SEED: seed})


@contextlib.contextmanager
def global_state_restored() -> Iterator[None]:
    """As `random_state_restored`, and put back all settings that `clear_session` resets.

    Keras's dtype policy, distribution and the like are in objects which it replaces.
    """
    import keras  # noqa: F401 - it makes these objects

    state = sys.modules[_KERAS_STATE]
    kept = {name: getattr(state, name) for name in _TRACKERS}
    with random_state_restored():
        try:
            yield
        finally:
            for name, tracker in kept.items():
                setattr(state, name, tracker)


def _keras_state() -> dict[str, Any]:
    """Keras's random state, to which there is no public access; empty before it is imported."""
    state = sys.modules.get(_KERAS_STATE)
    return {} if state is None else {name: state.get_global_attribute(name) for name in _SEEDS}


def _set_keras_state(values: dict[str, Any]) -> None:
    """Set it; what `values` lacks becomes None, from which Keras makes a new one."""
    if (state := sys.modules.get(_KERAS_STATE)) is not None:
        for name in _SEEDS:
            state.set_global_attribute(name, values.get(name))


@contextlib.contextmanager
def random_state_restored() -> Iterator[None]:
    """Put the random states of Python, NumPy, Keras and PyTorch back when the block ends.

    `set_random_seed` changes them: without this, all random numbers that a caller draws after a
    training would follow from the training's seed.
    """
    import numpy as np

    of_keras = _keras_state()
    python, numpy, restore = random.getstate(), np.random.get_state(), current().random_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        restore()
        _set_keras_state(of_keras)
