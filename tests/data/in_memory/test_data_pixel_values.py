"""Arrays of images: the rule on their range, and what is refused or said."""

from __future__ import annotations

import re

import numpy as np
import pytest

from nin.data.in_memory.pixel_values import as_pixels
from nin.errors import DataError

NOISE = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3), np.uint8)


def pixels(values):
    found, notes = as_pixels({"x": values})
    return found["x"], notes


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (NOISE, NOISE),
        (NOISE[..., 0], NOISE[..., :1]),
        (NOISE.astype(np.int64), NOISE),
        (NOISE.astype(np.float64), NOISE),
        ((NOISE / 255).astype(np.float32), NOISE),
        (NOISE > 127, np.where(NOISE > 127, 255, 0)),
        (NOISE.tolist(), NOISE),
    ],
    ids=["uint8", "grey", "int64", "floats to 255", "floats to 1", "masks", "lists"],
)
def test_the_rule_on_the_range(values, expected):
    found, notes = pixels(values)
    assert found.dtype == np.uint8
    assert (found == expected).all()
    assert notes == []


def test_one_rule_for_all_parts():
    dark = np.full((2, 6, 5), 0.9)
    found, _ = as_pixels({"x_train": NOISE[..., 0].astype(float), "x_test": dark})
    assert found["x_test"].max() == 1


def test_floats_on_two_scales():
    shares = NOISE.astype(np.float32) / 255
    with pytest.raises(
        DataError, match=r"x_train holds floats up to .*: give all parts on one scale"
    ):
        as_pixels({"x_train": shares, "x_test": NOISE.astype(np.float32)})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (NOISE.transpose(0, 3, 1, 2), r"x has its channels first, \(4, 3, 6, 5\)"),
        (NOISE // 128, "integers, values from 0 to 1: taken as 0 to 255"),
        (NOISE / 16.0, "floats, values from .* to 15.9375: taken as 0 to 255, and rounded"),
    ],
)
def test_what_is_said_where_it_could_be_meant_otherwise(values, said):
    found, notes = pixels(values)
    assert found.shape == NOISE.shape
    assert re.match(said, notes[0])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (NOISE - 0.5 * np.ones(1), "values from -0.5 to .* are not pixels"),
        (NOISE.astype(np.uint16) * 256, "values from 0 to 65280 are not pixels"),
        (NOISE / 250, "are neither 0 to 1 nor 0 to 255"),
        (np.where(NOISE[2, 1, 1, 1] == NOISE, np.nan, NOISE), "image . has pixels that are NaN"),
        (np.zeros((3, 784)), r"x.reshape\(-1, 28, 28\)"),
        (np.zeros((3, 7)), "reshape it"),
        (np.zeros((0, 8, 8)), r"x is empty, of shape \(0, 8, 8\)"),
        (np.zeros((2, 8, 8, 4)), r"leave out the alpha: x\[..., :3\]"),
        (np.zeros((2, 8, 8, 8)), "with one channel or three"),
        (np.array(["a", "b"]), "x holds text, not numbers"),
        (np.array([None, 1]), "x holds objects, not numbers"),
        ([np.zeros((2, 2)), np.zeros((3, 3))], "images of different sizes"),
    ],
)
def test_what_is_refused_is_one_line(values, said):
    with pytest.raises(DataError, match=said) as caught:
        pixels(values)
    assert "\n" not in str(caught.value)


def test_parts_have_one_shape():
    with pytest.raises(DataError, match="x_test holds images of 5×5×1, x_train of 8×8×1"):
        as_pixels({"x_train": np.zeros((1, 8, 8)), "x_test": np.zeros((1, 5, 5))})


def test_parts_on_two_scales_are_refused():
    whole = np.random.default_rng(0).integers(0, 256, (4, 6, 6), np.uint8)
    for parts in ({"x_train": whole, "x_test": whole / 255}, {"x_test": whole / 255, "x": whole}):
        with pytest.raises(DataError, match=r"x_test holds floats up to .* on one scale"):
            as_pixels(parts)
    pixels, _ = as_pixels({"x_train": whole, "x_test": whole.astype(np.float64)})
    np.testing.assert_array_equal(pixels["x_train"], pixels["x_test"])


def test_a_tensor_that_is_elsewhere_is_not_blamed_on_its_size():
    class Elsewhere:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")

    with pytest.raises(DataError, match="x cannot be read as an array: can't convert cuda"):
        as_pixels({"x": Elsewhere()})
