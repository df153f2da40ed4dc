"""Effects of factors and their interactions, against sums done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp
from study_report_cases import row

from nin.study.results import report_text
from nin.study.statistics.difference import pooled_difference
from nin.study.statistics.effects import effects_of, level_name, rows_at
from nin.study.trials.row import pack

FACTORS = {"width": [0.5, 1.0], "depth": [1, 2, 3]}
USUAL = {"width": 1.0, "depth": 1}
IMAGES = 200


@pytest.fixture(scope="module")
def rows():
    """Width is worth 10 points, depth 2 each, and 6 more at depth 3 where the network is wide."""
    chance = np.random.default_rng(0)
    made = []
    for width in FACTORS["width"]:
        for depth in FACTORS["depth"]:
            p = 0.6 + 0.2 * (width - 0.5) + 0.02 * depth + 0.06 * (width == 1 and depth == 3)
            right = chance.random((4, IMAGES)) < p
            made.append(
                row(
                    f"{width} {depth}",
                    [float(each.mean()) for each in right],
                    levels={"width": width, "depth": depth},
                    correct=[pack(each) for each in right],
                )
            )
    return made


def seeds(rows, **levels):
    return np.mean([each.accuracies for each in rows_at(rows, **levels)], axis=0)


def test_an_effect_is_the_difference_of_means_seed_by_seed(rows):
    effects, _ = effects_of(rows, FACTORS, USUAL, IMAGES)
    assert [(each.group, each.net, each.rival) for each in effects] == [
        ("width", "width 1", "width 0.5"),
        ("depth", "depth 1", "depth 2"),
        ("depth", "depth 1", "depth 3"),
    ]
    gaps = seeds(rows, width=1.0) - seeds(rows, width=0.5)
    low, high = ttest_1samp(gaps, 0).confidence_interval()
    width = effects[0]
    assert width.mean == pytest.approx(gaps.mean())
    assert (width.low, width.high) == pytest.approx((low, high))
    assert width.images_low < width.mean < width.images_high
    assert width.n == 4


def test_an_interaction_is_the_difference_of_two_steps(rows):
    effects, (found,) = effects_of(rows, FACTORS, USUAL, IMAGES)
    assert found.net == "the step from width 0.5 to 1 at depth 3"
    assert found.rival == "at depth 1"
    assert report_text.parameters(found) == "–"
    steps = [
        seeds(rows, width=1.0, depth=depth) - seeds(rows, width=0.5, depth=depth)
        for depth in (3, 1)
    ]
    gaps = steps[0] - steps[1]
    assert found.mean == pytest.approx(gaps.mean())
    low, high = ttest_1samp(gaps, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.sd == pytest.approx(gaps.std(ddof=1))
    alone = pooled_difference(
        rows_at(rows, width=1.0), rows_at(rows, width=0.5), IMAGES, ("a", "b")
    )
    assert effects[0].p >= alone.p, "all are corrected together"


def test_one_factor_has_no_effects_beside_its_rows():
    assert effects_of([row("a")], {"width": [1, 2]}, {"width": 1}, 10) == ([], [])


@pytest.mark.parametrize(
    ("factor", "value", "said"),
    [
        ("batch_norm", True, "batch norm on"),
        ("dropout", None, "dropout none"),
        ("head", [64, 32], "head 64-32"),
        ("learning_rate", 0.0001, "learning rate 0.0001"),
    ],
)
def test_levels_in_words(factor, value, said):
    assert level_name(factor, value) == said
