"""The devices of the backend, as the book requests them."""

import types

import keras
import pytest

from nin import backends
from nin.backends import devices


@pytest.mark.every_backend
def test_without_a_gpu_the_cpu_computes():
    if backends.num_gpus():
        pytest.skip("there is a GPU")
    for device in (backends.try_gpu(), backends.try_gpu(3)):
        with device:
            total = keras.ops.sum(keras.ops.ones((2, 3)))
        assert float(total) == 6
        placed = getattr(total, "device", "")
        assert "cpu" in str(placed() if callable(placed) else placed).lower()


@pytest.mark.parametrize(("number", "device"), [(0, "gpu:0"), (1, "gpu:1"), (2, "cpu:0")])
def test_gpus_are_taken_by_number(monkeypatch, number, device):
    monkeypatch.setattr(devices, "current", lambda: types.SimpleNamespace(gpus=lambda: 2))
    monkeypatch.setattr(keras, "device", lambda name: name)
    assert backends.try_gpu(number) == device
    assert backends.num_gpus() == 2
