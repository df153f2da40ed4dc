"""One small run for every test that needs any, and a network of few layers for the others."""

import pytest
from tiny_network import MNIST

import nin


@pytest.fixture(scope="module", autouse=True)
def _no_curves():
    """Do not draw a picture of each training; the tests of `nin train` look at those it leaves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nin.training.fit_run.save_curves", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def tiny():
    """Leave `mnist` four of its nine convolutions: most of a short training compiles them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(nin.PRESETS, "mnist", MNIST)
        yield


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A finished run, an epoch over 20 digits; to be copied by a test that changes it."""
    recipe = nin.RECIPES["digits"].revised(epochs=1, limit=20, width=0.1, image_size=8)
    return nin.train(recipe, tmp_path_factory.mktemp("small") / "run")
