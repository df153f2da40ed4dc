"""Differences of rows: paired by seed and by image, and corrected for their number."""

import numpy as np
import pytest
from study_report_cases import row

from nin.study.statistics.difference import differences_between
from nin.study.trials.row import is_packed, pack, unpack


def evaluated(net, correct, **changed):
    """A row that was correct on these (seeds, images)."""
    correct = np.asarray(correct, dtype=bool)
    return row(net, correct.mean(axis=1), correct=[pack(each) for each in correct], **changed)


def drawn(share, seeds, images=600, seed=0):
    return np.random.default_rng(seed).random((seeds, images)) < share


@pytest.mark.parametrize("images", [1, 8, 13])
def test_which_images_were_right_is_kept_bit_by_bit(images):
    correct = drawn(0.5, 1, images)[0]
    assert (unpack(pack(correct), images) == correct).all()
    assert not is_packed(pack(correct), images + 8)
    assert not is_packed("!", images)


def test_both_kinds_of_chance_are_told():
    one, other = evaluated("a", drawn(0.9, 4)), evaluated("b", drawn(0.5, 4, seed=1))
    (found,) = differences_between([(one, other)], 600)
    assert found.mean == pytest.approx(0.4, abs=0.05)
    assert found.low < found.images_low < found.mean < found.images_high
    assert found.is_clear


def test_what_the_seeds_agree_on_may_still_be_chance_of_the_images():
    """Three trainings that all differ on the same two of 600 images."""
    alike = np.ones((3, 600), dtype=bool)
    differs = alike.copy()
    differs[:, :2] = False
    (found,) = differences_between([(evaluated("a", alike), evaluated("b", differs))], 600)
    assert found.low == found.high == found.mean > 0
    assert found.images_low < 0
    assert (found.p, found.is_clear) == (0.5, False)


def test_more_differences_take_more_to_be_clear():
    one, other = evaluated("a", drawn(0.9, 4)), evaluated("b", drawn(0.5, 4, seed=1))
    (alone,) = differences_between([(one, other)], 600)
    among = differences_between([(one, other)] * 10, 600)
    assert among[0].p == pytest.approx(10 * alone.p)


def test_two_seeds_have_an_interval_over_images_only():
    one, other = evaluated("a", drawn(0.9, 2)), evaluated("b", drawn(0.5, 2, seed=1))
    (found,) = differences_between([(one, other)], 600)
    assert (found.low, found.high, found.p) == (None, None, None)
    assert found.images_low > 0.3
    assert found.seeds_needed() is None


def test_rows_that_did_not_keep_their_predictions_are_compared_over_seeds():
    (found,) = differences_between([(row("a"), row("b", [0.8, 0.82, 0.79]))], 600)
    assert found.images_low is None
    assert found.is_clear
    assert found.seeds_needed() == 15


def test_seeds_that_change_nothing_are_one_training():
    (found,) = differences_between([(row("a", [0.91] * 3), row("b", [0.9] * 3))], 600)
    assert (found.low, found.high, found.p, found.is_clear) == (None, None, None, False)
