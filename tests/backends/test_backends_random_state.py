"""Random states that a training leaves as they were."""

import random
import sys

import keras
import numpy as np
import pytest

from nin import backends


@pytest.mark.every_backend
def test_random_states_are_put_back():
    """PyTorch's as well, whose numbers a caller may draw."""

    def state():
        torch = sys.modules["torch"] if backends.choose() == "torch" else None
        kind, keys, *rest = np.random.get_state()
        own = torch.get_rng_state().tolist() if torch else []
        return random.getstate(), kind, keys.tobytes(), rest, own

    def seed_and_fail():
        keras.utils.set_random_seed(0)
        assert state() != before
        raise ZeroDivisionError

    before = state()
    with pytest.raises(ZeroDivisionError), backends.random_state_restored():
        seed_and_fail()
    assert state() == before
