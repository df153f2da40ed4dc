"""Seeds and images that a difference takes, against published tables and by drawing."""

import numpy as np
import pytest
from scipy import stats

from nin.study.statistics.power import difference_shown, power, seeds_needed


@pytest.mark.parametrize(
    # Cohen (1988) and G*Power, for a paired t-test at 5 % with a power of 80 %.
    ("effect", "needed"),
    [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10)],
)
def test_seeds_are_those_of_the_tables(effect, needed):
    assert seeds_needed(effect / 100, 0.01) == needed
    assert seeds_needed(-effect / 100, 0.01) == needed


@pytest.mark.parametrize(
    ("difference", "sd", "needed"), [(0.01, 0.0, 3), (0.5, 0.001, 3), (0.0001, 0.01, None)]
)
def test_never_fewer_than_have_an_interval_and_not_without_end(difference, sd, needed):
    assert seeds_needed(difference, sd) == needed


def test_the_power_is_how_often_the_test_sees_it():
    drawn = np.random.default_rng(0).normal(1.0, 1.0, (4000, 8))
    seen = stats.ttest_1samp(drawn, 0, axis=1).pvalue < 0.05
    assert power(1.0, 8) == pytest.approx(seen.mean(), abs=0.02)


def test_the_difference_that_images_show_is_seen_four_times_in_five():
    shown = difference_shown(2000, 0.1)
    rng = np.random.default_rng(0)
    apart = rng.binomial(2000, 0.1, 4000)
    wins = rng.binomial(apart, 0.5 + shown / 0.2)
    seen = np.abs(2 * wins - apart) / np.sqrt(apart) > 1.96
    assert seen.mean() == pytest.approx(0.8, abs=0.03)
