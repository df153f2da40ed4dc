"""Images, and networks small enough for many tests."""

import os
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _same_weights_each_time():
    import keras

    keras.utils.set_random_seed(1)


@pytest.fixture
def images():
    """Make uint8 noise of shape (count, *shape)."""
    return lambda count, shape: np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)


@pytest.fixture
def twin():
    """Make a network of the published structure with few weights, and its image shape."""
    from nin.models import NiN, named_net
    from nin.models.vgg import VGG, VGG11
    from nin.networks.presets import PRESETS

    def make(name, num_classes=3):
        _, shape = named_net(name)
        if name in PRESETS:
            return NiN(num_classes=num_classes, preset=name, width=0.05), shape
        if name.startswith("vgg11"):
            return VGG([(number, 2) for number, _ in VGG11], num_classes=num_classes), shape
        return named_net(name, num_classes)

    return make


@pytest.fixture
def fresh_python(tmp_path):
    """Run a program in a Python of its own, with the backend of this one, and return its output."""
    import keras

    def run(program, *arguments):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
            env={**os.environ, "KERAS_BACKEND": keras.backend.backend()},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
