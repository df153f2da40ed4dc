"""Which classes are shown, and which part of their maps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nin.errors import NinError, UnknownNameError
from nin.maps.evidence import check_shown, class_indices, strongest, top_classes

CLASSES = ("coat", "t-shirt", "hat, cap", "bag")


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.floats(0.01, 100), st.integers(0, 2**32 - 1))
def test_the_strongest_are_the_largest_and_as_many_as_requested(height, width, percent, seed):
    map_ = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    kept = strongest(map_, percent)
    assert kept.dtype == np.float32
    count = int(np.ceil(map_.size * percent / 100))
    largest = np.sort(map_, axis=None)[::-1][:count]
    assert sorted(kept[kept != 0]) == sorted(largest[largest > 0])
    assert (kept[kept != 0] == map_[kept != 0]).all()


def test_ten_per_cent_as_in_the_paper():
    kept = strongest(np.arange(100, dtype=np.float32).reshape(10, 10), 10)
    assert (kept[-1] == range(90, 100)).all()
    assert not kept[:-1].any()


def test_what_is_against_a_class_is_never_its_strongest():
    assert not strongest(np.full((3, 3), -1, np.float32), 50).any()


def test_the_likeliest_come_first_and_equals_in_their_order():
    odds = np.array([0.1, 0.3, 0.3, 0.2, 0.1])
    assert top_classes(odds, 3) == (1, 2, 3)
    assert top_classes(odds, 10**20) == (1, 2, 3, 0, 4)


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        ([], ()),
        (["bag,coat"], (3, 0)),
        (["bag", "coat", "bag"], (3, 0)),
        (["bag , coat"], (3, 0)),
        (["hat, cap", "bag"], (2, 3)),
    ],
)
def test_classes_by_name(names, numbers):
    assert class_indices(names, CLASSES) == numbers


def test_spaces_at_the_ends_of_a_name_are_part_of_it():
    assert class_indices(["cat "], ("cat ", "dog")) == (0,)
    assert class_indices(["dog, cat"], ("dog", " cat")) == (0, 1)
    assert class_indices(["cat,cat "], ("cat", "cat ")) == (0, 1)


def test_accents_in_either_unicode_form():
    assert class_indices(["cafe\u0301, tea"], ("caf\u00e9", "tea")) == (0, 1)
    assert class_indices(["caf\u00e9"], ("tea", "cafe\u0301")) == (1,)


@pytest.mark.parametrize("name", ["cot", "coat,cot", "coat,", ""])
def test_an_unknown_class_is_named_with_those_there_are(name):
    with pytest.raises(UnknownNameError, match=r"unknown class '(cot)?'.*known: bag, coat, hat"):
        class_indices([name], CLASSES)


@pytest.mark.parametrize("count", [0, 61])
def test_the_number_of_shown_maps_is_bounded(count):
    with pytest.raises(NinError, match=f"^{count} maps per image: 1 to 60 can be drawn"):
        check_shown(count)
