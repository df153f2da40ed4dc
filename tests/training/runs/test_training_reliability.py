"""How probable predictions are, and how often they are correct."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nin.training.runs.reliability import BINS, calibration_error, reliability


def predictions(confidence, right):
    """Probabilities of two classes with such a confidence, and labels."""
    sure = np.asarray(confidence, float)
    return np.stack([sure, 1 - sure], axis=1), np.where(right, 0, 1)


def test_an_example_by_hand():
    bins = reliability(*predictions([0.95, 0.95, 0.95, 0.95, 0.55, 0.55], [1, 1, 1, 0, 1, 0]))
    assert [each.n for each in bins] == [2, 4]
    low, high = bins
    assert (low.accuracy, high.accuracy) == (0.5, 0.75)
    assert (low.confidence, high.confidence) == (pytest.approx(0.55), pytest.approx(0.95))
    assert (low.low, low.high) == (8 / 15, 9 / 15)
    assert calibration_error(bins) == pytest.approx((2 * 0.05 + 4 * 0.20) / 6)


def test_as_sure_as_right_is_no_error():
    bins = reliability(*predictions([0.75] * 4 + [1.0] * 3, [1, 1, 1, 0, 1, 1, 1]))
    assert calibration_error(bins) == pytest.approx(0)
    assert bins[-1].high == 1


@given(st.integers(1, 200), st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_bins_hold_every_prediction_once(n, classes, seed):
    random = np.random.default_rng(seed)
    chances = random.dirichlet(np.full(classes, 0.3), n).astype(np.float32)
    labels = random.integers(0, classes, n)
    bins = reliability(chances, labels)
    assert sum(each.n for each in bins) == n
    assert len(bins) <= BINS
    right = sum(each.n * each.accuracy for each in bins)
    assert right == pytest.approx((chances.argmax(axis=1) == labels).sum())
    for each in bins:
        assert each.low - 1e-6 <= each.confidence <= each.high + 1e-6
    assert 0 <= calibration_error(bins) <= 1


def test_an_edge_belongs_to_the_bin_below_it():
    bins = reliability(*predictions([0.6, 0.6000001], [1, 1]))
    assert [(each.low, each.n) for each in bins] == [(8 / 15, 1), (9 / 15, 1)]
