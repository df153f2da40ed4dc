"""Random states that a seed decides, and that a training leaves as they were."""

import os
import random
import subprocess
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
        backends.set_random_seed(0)
        assert state() != before
        raise ZeroDivisionError

    before = state()
    with pytest.raises(ZeroDivisionError), backends.random_state_restored():
        seed_and_fail()
    assert state() == before


@pytest.mark.every_backend
def test_keras_s_own_random_state_is_restored():
    def drawn(between):
        with backends.random_state_restored():
            keras.utils.set_random_seed(1)
            keras.random.normal((3,))
            with backends.random_state_restored():
                between()
            return random.random(), *keras.ops.convert_to_numpy(keras.random.normal((3,)))

    assert drawn(lambda: None) == drawn(lambda: backends.set_random_seed(5))


@pytest.mark.every_backend
def test_a_seed_decides_all_random_numbers():
    def drawn(seed):
        backends.set_random_seed(seed)
        own = keras.ops.convert_to_numpy(keras.random.normal((3,)))
        return random.random(), *np.random.random(3), *own

    with backends.random_state_restored():
        assert drawn(3) == drawn(3) != drawn(4)


SEEDED = """
import random, sys, types, keras, numpy
from nin import backends
drawn = []
for _ in range(2):
    backends.set_random_seed(7)
    drawn.append((random.random(), numpy.random.random(), float(keras.random.normal(()))))
print(drawn[0] == drawn[1], "tensorflow" in sys.modules)
sys.modules["tensorflow"] = types.ModuleType("tensorflow")
keras.layers.Hashing(3)
"""


def test_tensorflow_is_not_imported_to_be_given_a_seed_and_keras_finds_it_later():
    pytest.importorskip("jax", reason="needs keras-nin[jax]")
    done = subprocess.run(
        [sys.executable, "-c", SEEDED],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "True False\n"


def test_settings_that_clear_session_resets_are_put_back():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    devices = keras.distribution.list_devices()[:1]
    given = keras.distribution.DataParallel(devices=devices)
    keras.distribution.set_distribution(given)
    keras.config.disable_traceback_filtering()
    try:
        with backends.global_state_restored():
            keras.backend.clear_session()
            assert keras.config.dtype_policy().name == "float32"
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        assert keras.distribution.distribution() is given
        assert not keras.config.is_traceback_filtering_enabled()
    finally:
        keras.config.enable_traceback_filtering()
        keras.distribution.set_distribution(None)
        keras.config.set_dtype_policy(before)
