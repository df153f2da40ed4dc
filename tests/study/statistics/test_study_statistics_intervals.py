"""Intervals, tests and correction, against their references."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nin.study.statistics.intervals import (
    holm,
    interval_over_images,
    interval_over_seeds,
    p_over_images,
    p_over_seeds,
)

gaps = st.floats(-1, 1, allow_subnormal=False)
wins = st.lists(st.integers(-3, 3), min_size=1, max_size=9)


@given(st.lists(gaps, min_size=3, max_size=8))
def test_over_seeds_it_is_the_t_test_within_what_is_possible(values):
    low, high = interval_over_seeds(values)
    mean, n = statistics.fmean(values), len(values)
    half = stats.t.ppf(0.975, n - 1) * statistics.stdev(values) / math.sqrt(n)
    assert (low, high) == (
        pytest.approx(max(-1, mean - half), abs=1e-9),
        pytest.approx(min(1, mean + half), abs=1e-9),
    )


def test_the_p_value_over_seeds_is_that_of_a_paired_t_test():
    one, other = [0.5, 0.61, 0.58], [0.45, 0.5, 0.56]
    found = p_over_seeds([a - b for a, b in zip(one, other, strict=True)])
    assert found == pytest.approx(stats.ttest_rel(one, other).pvalue)


@pytest.mark.parametrize("values", [[0.1], [0.1, -0.1]])
def test_too_few_seeds_have_neither_interval_nor_p_value(values):
    assert interval_over_seeds(values) is None
    assert p_over_seeds(values) is None


@pytest.mark.parametrize("gap", [0.0, 0.125])
def test_seeds_that_all_differ_alike_leave_no_width(gap):
    assert interval_over_seeds([gap] * 3) == pytest.approx((gap, gap))
    assert p_over_seeds([gap] * 3) == (0.0 if gap else 1.0)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 200))
def test_over_images_it_is_the_published_formula_in_counts(only_one, only_other, alike):
    n = only_one + only_other + alike + 2
    a, b = (only_one + 1) / n, (only_other + 1) / n
    half = 1.959963985 * math.sqrt((a + b - (a - b) ** 2) / n)
    values = np.repeat([1.0, -1.0, 0.0], [only_one, only_other, alike])
    expected = (max(-1, a - b - half), min(1, a - b + half))
    assert interval_over_images(values) == pytest.approx(expected, abs=1e-9)


def test_over_many_images_it_is_that_of_the_bootstrap():
    values = np.random.default_rng(0).choice(
        [-1, -0.5, 0, 0.5, 1], 2000, p=[0.1, 0.1, 0.5, 0.1, 0.2]
    )
    found = stats.bootstrap(
        (values,), np.mean, n_resamples=999, batch=100, rng=1, method="percentile"
    )
    assert interval_over_images(values) == pytest.approx(found.confidence_interval, abs=0.003)


@given(st.integers(0, 30), st.integers(0, 30))
def test_with_one_seed_it_is_the_exact_test_of_mcnemar(only_one, only_other):
    values = np.repeat([1, -1, 0], [only_one, only_other, 5])
    expected = 1.0
    if only_one + only_other:
        expected = stats.binomtest(only_one, only_one + only_other).pvalue
    assert p_over_images(values) == pytest.approx(expected, abs=1e-12)


@given(wins)
def test_with_several_seeds_it_is_the_randomisation_test(values):
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(values))).reshape(len(values), -1)
    sums = np.abs((signs.T * values).sum(axis=1))
    expected = (sums >= abs(sum(values))).mean()
    assert p_over_images(np.array(values)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        # As `p.adjust(…, "holm")` of R.
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),
        ([0.04, 0.001, 0.5], [0.08, 0.003, 0.5]),
        ([0.5, None, 0.01], [0.5, None, 0.02]),
        ([0.6, 0.7], [1.0, 1.0]),
        ([], []),
    ],
)
def test_the_correction_of_holm(p_values, adjusted):
    assert holm(p_values) == pytest.approx(adjusted)


def test_over_folds_it_is_the_corrected_resampled_t_test():
    """Nadeau and Bengio 2003, equation 9: the variance is multiplied by 1/J + n_test/n_train."""
    gaps, folds = [0.01, 0.03, 0.02, 0.05, -0.01], 5
    variance = statistics.variance(gaps) * (1 / 5 + 1 / 4)
    statistic = 0.02 / math.sqrt(variance)
    p = p_over_seeds(gaps, folds)
    assert p == pytest.approx(2 * stats.t.sf(statistic, 4))
    low, high = interval_over_seeds(gaps, folds)
    half = stats.t.ppf(0.975, 4) * math.sqrt(variance)
    assert (low, high) == pytest.approx((0.02 - half, 0.02 + half))
    assert p > p_over_seeds(gaps)
    assert interval_over_seeds(gaps[:2], 2) is None
    assert (p_over_seeds([0.0] * 3, 3), p_over_seeds([0.25] * 3, 3)) == (1.0, 0.0)


def test_several_seeds_of_a_fold_are_no_further_evidence():
    by_fold = [0.01, 0.03, 0.02, 0.05, -0.01]
    again = [gap + shift for shift in (0.004, -0.004) for gap in by_fold]
    assert p_over_seeds(again, 5) == pytest.approx(p_over_seeds(by_fold, 5))
    assert interval_over_seeds(again, 5) == pytest.approx(interval_over_seeds(by_fold, 5))
    assert interval_over_seeds([0.1] * 10, 2) is p_over_seeds([0.1, 0.2] * 5, 2) is None


def test_folds_whose_seeds_cancel_each_other_out_show_no_difference():
    assert p_over_seeds([0.25, 0.25, 0.25, -0.25, -0.25, -0.25], 3) == 1.0
