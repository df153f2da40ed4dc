"""The front and the intervals, against brute force and by the textbook's formula."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from nin.accounting.cost import Cost, Parameters
from nin.study.result import Row
from nin.study.statistics import difference, mark_fronts


def row(net, parameters, accuracies):
    cost = Cost(
        input_shape=(8, 8, 1),
        batch_size=1,
        parameters=Parameters(spatial=parameters),
        non_trainable=0,
        multiply_adds=1,
        weight_bytes=1,
        optimizer_bytes=1,
        training_activation_bytes=1,
        prediction_activation_bytes=1,
        receptive_field=None,
    )
    return Row(
        net=net,
        cost=cost,
        rates={},
        learning_rate=0.1,
        accuracies=accuracies,
        curves=[],
        seconds=1,
    )


shares = st.floats(0, 1, allow_subnormal=False)


@given(st.lists(st.tuples(shares, shares), min_size=2, max_size=8))
def test_the_interval_is_that_of_a_paired_t_test(pairs):
    ours, theirs = map(list, zip(*pairs, strict=True))
    found = difference(row("a", 10, ours), row("b", 200, theirs))
    gaps = [a - b for a, b in pairs]
    mean, n = statistics.fmean(gaps), len(gaps)
    half = t.ppf(0.975, n - 1) * statistics.stdev(gaps) / math.sqrt(n)
    assert found.mean == pytest.approx(mean)
    assert (found.n, found.parameter_ratio) == (n, 20)
    assert (found.low, found.high) == (
        pytest.approx(mean - half, abs=1e-9),
        pytest.approx(mean + half, abs=1e-9),
    )


@pytest.mark.parametrize("gap", [0.0, 0.1])
def test_seeds_that_all_differ_alike_leave_no_width(gap):
    accuracies = [0.5, 0.6, 0.9]
    found = difference(row("a", 1, accuracies), row("b", 1, [each - gap for each in accuracies]))
    assert (found.low, found.high) == pytest.approx((gap, gap))


def test_one_seed_has_no_interval():
    found = difference(row("a", 1, [0.5]), row("b", 1, [0.4]))
    assert (found.mean, found.low, found.high) == (pytest.approx(0.1), None, None)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=9))
def test_the_front_is_what_nothing_beats(networks):
    rows = mark_fronts([row(str(i), size, [a / 6]) for i, (size, a) in enumerate(networks)])
    for (size, accuracy), found in zip(networks, rows, strict=True):
        beaten = any(
            (s < size and a >= accuracy) or (s <= size and a > accuracy) for s, a in networks
        )
        assert found.on_front is not beaten
    assert any(found.on_front for found in rows)
