"""`Augmentation`: what moves, what stays, and that it is repeatable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nin.data import Augmentation
from nin.errors import DataError


def pictures(count, height, width, channels, seed=0):
    shape = (count, height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def shifted(image, down, right):
    """One image moved, pixel by pixel, as the documentation says it."""
    height, width, _ = image.shape
    rows = np.clip(np.arange(height) + down, 0, height - 1)
    columns = np.clip(np.arange(width) + right, 0, width - 1)
    return image[rows][:, columns]


@given(
    size=st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(1, 9), st.integers(1, 4)),
    shift=st.integers(0, 4),
    flip=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_each_image_is_a_shifted_perhaps_mirrored_copy(size, shift, flip, seed):
    images = pictures(*size)
    before = images.copy()
    changed = Augmentation(shift, flip)(images, np.random.default_rng(seed))
    assert (images == before).all()
    assert (changed.shape, changed.dtype) == (images.shape, np.uint8)
    span = range(-shift, shift + 1)
    for image, result in zip(images, changed, strict=True):
        moved = [shifted(image, down, right) for down in span for right in span]
        allowed = moved + [each[:, ::-1] for each in moved if flip]
        assert any((result == each).all() for each in allowed)


def test_every_shift_and_both_sides_occur():
    ramp = np.arange(49, dtype=np.uint8).reshape(1, 7, 7, 1).repeat(2000, axis=0)
    centres = Augmentation(1)(ramp, np.random.default_rng(0))[:, 3, 3, 0]
    values, counts = np.unique(centres, return_counts=True)
    assert values.tolist() == [16, 17, 18, 23, 24, 25, 30, 31, 32]
    assert counts.min() > 150
    mirrored = Augmentation(flip=True)(ramp, np.random.default_rng(0))[:, 0, 0, 0] == 6
    assert 900 < mirrored.sum() < 1100


def test_equal_generators_give_equal_images_and_others_do_not():
    images, change = pictures(8, 8, 8, 3), Augmentation(3, flip=True)
    first = change(images, np.random.default_rng((1, 2, 3)))
    assert (first == change(images, np.random.default_rng((1, 2, 3)))).all()
    assert (first != change(images, np.random.default_rng((1, 2, 4)))).any()


def test_doing_nothing_still_copies():
    images = pictures(2, 3, 3, 1)
    result = Augmentation()(images, np.random.default_rng(0))
    assert (result == images).all()
    assert not np.shares_memory(result, images)


@pytest.mark.parametrize("shift", [-1, 1.5, True])
def test_a_shift_is_a_whole_number_of_pixels(shift):
    with pytest.raises(DataError, match="shift must be a whole number"):
        Augmentation(shift)
