"""What is read from the losses of a range test, and its picture."""

import numpy as np
import pytest
from PIL import Image

from nin.training.learning_rate_range import LearningRateRange

RATES = tuple(np.geomspace(1e-6, 10, 100))


def measured(losses):
    return LearningRateRange("any", 0.003, RATES[: len(losses)], tuple(map(float, losses)))


@pytest.fixture
def valley():
    """Flat, then steepest at 0.01, lowest at 0.1, then up."""
    x = np.log10(RATES)
    fall = 2.3 - 1.5 / (1 + np.exp(-8 * (x + 2)))
    return measured(np.where(x > -1, fall + 3 * (x + 1), fall))


def test_smoothing_keeps_what_is_constant():
    assert measured([2.0] * 20).smoothed == pytest.approx(2)
    # A debiased average of two: the second counts more.
    assert measured([1, 0]).smoothed[1] == pytest.approx(0.9 * 0.1 / (1 - 0.9**2))


def test_steepest_and_lowest(valley):
    # The average looks back on about ten steps, half a power of ten.
    assert 0.01 <= valley.steepest <= 0.05
    assert 0.01 <= valley.tenth_of_lowest <= 0.03
    assert valley.suggestion == float(f"{valley.tenth_of_lowest:.2g}")
    assert valley.answer.startswith(f"learning rate {valley.suggestion:g} suggested")


@pytest.mark.parametrize("losses", [[2.3] * 100, np.linspace(2.3, 9, 50), [2.3]])
def test_nothing_is_suggested_where_the_loss_does_not_fall(losses):
    found = measured(losses)
    assert found.suggestion is found.steepest is found.tenth_of_lowest is None
    assert found.answer.startswith("no learning rate suggested")


@pytest.mark.parametrize("losses", [[2.3], np.linspace(2.3, 1, 100)])
def test_the_picture(losses, tmp_path):
    measured(losses).save(tmp_path / "rates.png")
    with Image.open(tmp_path / "rates.png") as picture:
        assert picture.size == (900, 540)
    (axes,) = measured(losses).plot().axes
    assert axes.get_xscale() == "log"
