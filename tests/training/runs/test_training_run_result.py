"""What is said of a result is no more than the images say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from nin.training.runs.evaluation import Evaluation, wilson
from nin.training.runs.run_result import has_learnt, not_learnt_line, result_line


def result(right, n, share=0.5, name="bees"):
    return {
        "n": n,
        "accuracy": right / n,
        "interval": list(wilson(right, n)),
        "largest_class": {"name": name, "share": share},
    }


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(counts):
    right, n = counts
    expected = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson(right, n) == pytest.approx((expected.low, expected.high), abs=1e-7)


def test_an_evaluation_knows_its_interval_and_its_largest_class():
    evaluation = Evaluation(("ants", "bees"), 0.7, np.array([[30, 40], [24, 59]]))
    summary = evaluation.summary()
    assert summary.pop("interval") == pytest.approx([0.5028, 0.6567], abs=1e-3)
    assert summary == {
        "n": 153,
        "accuracy": 89 / 153,
        "largest_class": {"name": "bees", "share": 83 / 153},
        "loss": 0.7,
    }


def test_the_last_line():
    low, high = wilson(89, 153)
    assert result_line(result(89, 153, 83 / 153), "test") == (
        f"accuracy 0.582 [{low:.3f}, {high:.3f}] on 153 test images;"
        ' always naming "bees" gives 0.542'
    )
    assert " on 10 held-out images;" in result_line(result(9, 10), "validation")
    assert " on 10 images;" in result_line(result(9, 10), "all")
    assert " on 10 images of other data, b\\n;" in result_line(result(9, 10), "all", "b\n")


@pytest.mark.parametrize(
    ("right", "n", "share", "good"),
    [(89, 153, 0.542, False), (100, 153, 0.542, True), (2, 2, 0.5, False), (20, 20, 1.0, False)],
)
def test_learnt_is_what_lies_above_chance_for_certain(right, n, share, good):
    assert has_learnt(result(right, n, share)) is good
    assert not_learnt_line(result(right, n, share)) == 'no better than always naming "bees"'
