"""Arrays as a data set: parts, groups, folds, and the same again."""

from __future__ import annotations

import numpy as np
import pytest

import nin
from nin.errors import DataError

#: Each image says its own number.
X = np.arange(120, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
Y = np.arange(120) % 3


def numbers(split):
    return np.asarray(split.images)[:, 0, 0, 0]


def test_the_parts_share_nothing_and_are_stratified():
    data = nin.ImageArrays(X, Y)
    parts = [numbers(data.split(part)) for part in data.parts]
    assert sorted(np.concatenate(parts)) == list(range(120))
    assert [len(part) for part in parts] == [96, 12, 12]
    for part in data.parts:
        assert len(set(np.bincount(data.split(part).labels))) == 1
        assert (Y[numbers(data.split(part))] == data.split(part).labels).all()


def test_the_seed_moves_the_validation_part_and_not_the_test():
    one, other = nin.ImageArrays(X, Y, seed=1), nin.ImageArrays(X, Y, seed=2)
    assert (numbers(one.test) == numbers(other.test)).all()
    assert set(numbers(one.validation_split)) != set(numbers(other.validation_split))


def test_parts_that_are_given_stay():
    data = nin.ImageArrays(X[:80], Y[:80], validation=(X[80:90], Y[80:90]), test=(X[90:], Y[90:]))
    assert [numbers(data.split(part)).min() for part in data.parts] == [0, 80, 90]
    assert len(data.train.labels) == 80


def test_images_of_a_group_stay_together():
    groups = np.array([f"object {number}" for number in range(120) // np.int64(6)])
    data = nin.ImageArrays(X, Y, groups=groups, validation=0.2, test=0.2)
    found = [set(groups[numbers(data.split(part))]) for part in data.parts]
    assert not found[0] & found[1]
    assert not (found[0] | found[1]) & found[2]
    assert all(found)
    assert data.describe()["groups"] == 20


@pytest.mark.parametrize(
    "groups", [np.where(np.arange(120) > 6, np.nan, 1.0), np.array(["a"] * 7 + [None] * 113)]
)
def test_missing_keys_of_groups_are_refused(groups):
    with pytest.raises(DataError, match=r"groups: 113 of 120 images .* first at position 7: give"):
        nin.ImageArrays(X, Y, groups=groups)


@pytest.mark.parametrize("groups", [None, np.arange(120) // 3])
def test_every_image_is_in_the_test_of_one_fold(groups):
    folds = [nin.ImageArrays(X, Y, folds=4, fold=fold, groups=groups) for fold in range(4)]
    assert sorted(np.concatenate([numbers(data.test) for data in folds])) == list(range(120))
    assert all(len(np.unique(data.test.labels)) == 3 for data in folds)
    again = nin.ImageArrays(X, Y, folds=4, fold=1, seed=9, groups=groups)
    assert (numbers(again.test) == numbers(folds[1].test)).all()
    assert folds[1].describe()["fold"] == [1, 4]


def test_the_fingerprint_knows_every_pixel_and_label():
    data = nin.ImageArrays(X, Y)
    assert data.fingerprint() == nin.ImageArrays(X / 255, Y, name="another").fingerprint()
    changed = X.copy()
    changed[7, 0, 0] += 1
    assert data.fingerprint() != nin.ImageArrays(changed, Y).fingerprint()
    assert data.digest != nin.ImageArrays(X, Y, test=0.2).digest
    assert data.revised(seed=3).digest == data.digest


def test_a_limit_keeps_classes_in_proportion():
    data = nin.ImageArrays(X, Y, limit=9)
    assert np.bincount(data.train.labels).tolist() == [3, 3, 3]
    assert len(data.test.labels) == 12


def test_few_images_of_a_class_are_trained_on():
    labels = np.where(np.arange(120) == 5, 1, 0)
    data = nin.ImageArrays(X, labels)
    assert 1 in data.train.labels


@pytest.mark.parametrize(
    ("arrays", "settings", "said"),
    [
        ((X, Y[:7]), {}, "x holds 120 images, and y 7 labels"),
        ((X, np.where(Y == 1, 0, Y)), {}, "arrays has no training image of class '1'"),
        ((X, Y), {"classes": ["a", "b"]}, "y: label 2 is out of range for 2 classes"),
        (
            (X, Y),
            {"groups": [1, 2]},
            r"groups: must have one key for each of the 120 images, not shape \(2,\)",
        ),
        ((X, Y), {"groups": np.zeros(120)}, "groups: all images are of one group"),
        ((X, Y), {"groups": Y}, "all images of '.' would be held out"),
        ((X, Y), {"folds": 1}, "folds=1: must be 2 or more"),
        ((X, Y), {"folds": 5, "fold": 5}, "fold=5: must be from 0 to 4"),
        ((X, Y), {"fold": 0}, "fold=0: give the number of folds as well"),
        ((X, Y), {"folds": 200}, "folds=200: there are only 120 images"),
        ((X, Y), {"folds": 50}, "each class needs one image per fold or more, and '0' has 40"),
        (
            (X, np.where(np.arange(120) == 5, 1, 0)),
            {"folds": 5},
            "folds=5: each class needs one image per fold or more, and '1' has 1 image$",
        ),
        ((X, Y), {"folds": 3, "groups": Y}, "folds=3: .*'0' has 1 group, '1' has 1 group"),
        ((X, Y), {"folds": 3, "test": (X, Y)}, "folds=3: all images are divided, but some"),
        ((X, Y), {"test": (X,)}, "test: must be a share, or a pair of images and labels"),
        ((X, Y), {"test": 0.5, "validation": 0.5}, "validation and test together"),
        ((X[:3], Y[:3]), {"test": 0.1}, "leaves a part without any"),
    ],
)
def test_what_is_refused_is_one_line(arrays, settings, said):
    with pytest.raises(DataError, match=said) as caught:
        nin.ImageArrays(*arrays, **settings)
    assert "\n" not in str(caught.value)


def test_groups_that_leave_a_class_out_of_a_fold_are_refused():
    # Class 1 has a group in each fold only if its two are not in one with the large one of class 0.
    labels = np.array([0] * 12 + [1] * 2 + [2] * 6)
    groups = np.array([*range(12), 0, 0, *range(20, 26)])
    with pytest.raises(DataError, match=r"folds=2: .*'1' has 1 group"):
        nin.ImageArrays(X[:20], labels, folds=2, groups=groups)


def test_a_limit_that_leaves_a_class_out_is_refused():
    with pytest.raises(DataError, match=r"no image of class '.' is left to train on"):
        nin.ImageArrays(X, Y, limit=2)


def test_a_share_may_be_a_number_of_numpy():
    assert len(nin.ImageArrays(X, Y, test=np.float32(0.1)).test.labels) == round(0.1 * len(Y))
