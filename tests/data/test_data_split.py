"""Stratified choices: exact counts, every class, repeatable."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nin.data.split import check_share, hold_out, stratified
from nin.errors import DataError

many_labels = st.lists(st.integers(0, 5), min_size=1, max_size=200).map(
    lambda numbers: np.array(numbers, np.int32)
)


@given(labels=many_labels, data=st.data(), seed=st.integers(0, 2**32))
def test_a_choice_is_exact_and_in_proportion(labels, data, seed):
    count = data.draw(st.integers(0, len(labels)))
    chosen = stratified(labels, count, seed)
    assert len(set(chosen)) == len(chosen) == count
    assert (np.diff(chosen) > 0).all()
    assert (chosen == stratified(labels, count, seed)).all()
    classes, sizes = np.unique(labels, return_counts=True)
    taken = np.array([(labels[chosen] == label).sum() for label in classes])
    assert (taken <= sizes).all()
    if count >= len(classes):
        assert taken.min() >= 1
        # one for each class, and the rest in proportion to what is left of it
        exact = (count - len(classes)) * (sizes - 1) / max((sizes - 1).sum(), 1)
        assert np.abs(taken - 1 - exact).max() < 1


@given(labels=many_labels, share=st.floats(0.01, 0.99), seed=st.integers(0, 2**32))
def test_held_out_and_kept_are_the_whole(labels, share, seed):
    wanted = round(share * len(labels))
    assume(0 < wanted < len(labels))
    kept, held = hold_out(labels, share, seed, "validation")
    assert len(held) == wanted
    assert sorted([*kept, *held]) == list(range(len(labels)))
    if len(kept) >= len(set(labels)):
        assert set(labels[kept]) == set(labels)


def test_balanced_classes_stay_balanced():
    labels = np.repeat(np.arange(10), 600)
    assert np.bincount(labels[stratified(labels, 1000, 0)]).tolist() == [100] * 10


def test_another_seed_chooses_others():
    labels = np.repeat(np.arange(2), 50)
    assert set(stratified(labels, 20, 0)) != set(stratified(labels, 20, 1))


@pytest.mark.parametrize("share", [0.001, 0.999])
def test_a_part_without_images_is_refused(share):
    with pytest.raises(
        DataError, match=f"{share:g} of 20 images for test leaves a part without any"
    ):
        hold_out(np.zeros(20, np.int32), share, 0, "test")


@pytest.mark.parametrize("share", [-0.1, 1, 2.5, float("nan")])
def test_a_share_is_below_one(share):
    with pytest.raises(DataError, match="validation must be 0 or more and below 1"):
        check_share("validation", share)
