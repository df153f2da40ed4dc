"""Values as colours: signed, even, told apart by everybody, and where they belong."""

import io
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nin.maps.colours import (
    beneath,
    dimmed,
    laid_over,
    limit,
    overlay_png,
    seen_part,
    shade,
    stretched,
)

#: Machado, Oliveira, Fernandes 2009: what people without one kind of cone see, in linear RGB.
SEEN = {
    "everything": np.eye(3),
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
}


def lab(colours, seen=SEEN["everything"]):
    """CIE L*a*b* of 8-bit sRGB."""
    share = np.asarray(colours) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(seen), 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.transpose(to_xyz) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def over_grey(values, grey=128):
    photo = beneath(np.full((1, len(values), 3), grey, np.uint8))
    return laid_over(photo, shade(np.asarray(values, float)[None], 1.0))[0]


def test_zero_is_transparent_and_more_is_never_fainter():
    opacity = shade(np.linspace(0, 1, 101), 1.0)[:, 3].astype(int)
    assert opacity[0] == 0
    assert (np.diff(opacity) >= 0).all()
    assert opacity[-1] < 255
    assert (shade(np.linspace(0, -1, 101), 1.0)[:, 3] == opacity).all()


def test_beyond_the_scale_nothing_changes():
    assert (shade(np.array([7.0, -7.0]), 2.0) == shade(np.array([2.0, -2.0]), 2.0)).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_each_ramp_darkens_in_steps_of_like_size(sign):
    seen = lab(over_grey(sign * np.linspace(0.25, 1, 7)))
    assert (np.diff(seen[:, 0]) < -2).all()
    steps = np.linalg.norm(np.diff(seen, axis=0), axis=1)
    assert steps.max() < 2.5 * steps.min()


@pytest.mark.parametrize("cones", SEEN)
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_for_and_against_look_different_to_everybody(cones, grey):
    strength = np.linspace(0.2, 1, 9)
    warm, cold = (lab(over_grey(sign * strength, grey), SEEN[cones]) for sign in (1, -1))
    assert (np.linalg.norm(warm - cold, axis=1) > 20).all()


def test_a_photograph_stays_visible_below_the_strongest_colour():
    black, white = (over_grey([1.0], grey)[0].astype(int) for grey in (0, 255))
    assert (white - black > 30).all()


@settings(deadline=None)
@given(
    *[st.integers(1, 6)] * 2,
    *[st.integers(6, 40)] * 2,
    st.integers(0, 2**32 - 1),
)
def test_stretching_is_bilinear_between_the_middles_of_cells(rows, columns, height, width, seed):
    map_ = np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)
    expected = map_.astype(float)
    for axis, (cells, pixels) in enumerate([(rows, height), (columns, width)]):
        where = (np.arange(pixels) + 0.5) * cells / pixels - 0.5
        along = np.moveaxis(expected, axis, -1)
        lines = [np.interp(where, np.arange(cells), line) for line in along.reshape(-1, cells)]
        expected = np.moveaxis(np.reshape(lines, (*along.shape[:-1], pixels)), -1, axis)
    np.testing.assert_allclose(stretched(map_, (height, width)), expected, atol=1e-4)


def test_one_cell_lands_on_its_own_part_of_the_picture():
    map_ = np.zeros((4, 6), np.float32)
    map_[1, 4] = 1
    spread = stretched(map_, (80, 90))
    rows, columns = np.indices(spread.shape) + 0.5
    centre = [(spread * place).sum() / spread.sum() for place in (rows, columns)]
    assert centre == pytest.approx([1.5 * 20, 4.5 * 15], abs=1e-3)
    assert spread.sum() == pytest.approx(20 * 15, rel=1e-3)
    outside = (abs(rows - 30) >= 20) | (abs(columns - 67.5) >= 15)
    assert not spread[outside].any()


def test_a_cell_in_a_corner_keeps_its_value_up_to_the_edge():
    map_ = np.zeros((2, 2), np.float32)
    map_[0, 0] = 3
    assert (stretched(map_, (20, 20))[:5, :5] == 3).all()


def test_an_overlay_is_a_picture_of_the_map_on_the_scale_that_is_given():
    map_ = np.array([[0, 2], [-4, 8]], np.float32)
    with Image.open(io.BytesIO(overlay_png(map_, -4, 16, (30, 50))), formats=["PNG"]) as opened:
        assert (opened.mode, opened.size) == ("RGBA", (50, 30))
        pixels = np.asarray(opened)
    assert (pixels == shade(stretched(map_, (30, 50)), 16)).all()
    assert pixels[0, 0, 3] == 0
    assert (pixels[-1, 0] == shade(np.array(-0.25), 1)).all()
    assert (pixels[-1, -1] == shade(np.array(0.5), 1)).all()


@given(*[st.integers(1, 500)] * 2)
def test_the_part_that_is_seen_is_a_square_in_the_middle(height, width):
    rows, columns = seen_part((height, width), "crop")
    side = min(height, width)
    for part, whole in ((rows, height), (columns, width)):
        assert part.stop - part.start == side
        assert 0 <= whole - part.stop - part.start <= 1
    assert seen_part((height, width), "squash") == (slice(0, height), slice(0, width))


@pytest.mark.parametrize("size", [(30, 80), (80, 30), (30, 30), (1, 90)])
def test_an_overlay_of_a_crop_dims_what_is_not_seen_and_nothing_else(size):
    map_ = np.array([[0, 2], [-4, 8]], np.float32)
    png = overlay_png(map_, -4, 16, size, "crop")
    pixels = np.asarray(Image.open(io.BytesIO(png), formats=["PNG"]))
    part, side = seen_part(size, "crop"), min(size)
    assert (pixels[part] == shade(stretched(map_, (side, side)), 16)).all()
    outside = np.ones(size, bool)
    outside[part] = False
    assert (pixels[outside][:, :3] == 0).all()
    assert (pixels[outside][:, 3] > 128).all()


def test_dimmed_is_darker_than_anything_beneath_a_map():
    photo = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    dark = dimmed(photo)
    assert (np.ptp(dark, axis=2) == 0).all()
    assert dark.max() < beneath(photo).min()


@pytest.mark.parametrize(
    ("low", "high", "most"), [(0, 3, 3), (-5, 3, 5), (-5, 0, 5), (1, 2, 2), (0, 0, 1)]
)
def test_the_scale_reaches_to_the_larger_side(low, high, most):
    assert limit(low, high) == most


WITHOUT = """
import sys
import numpy as np
from nin.maps import overlay_png
overlay_png(np.ones((2, 2), np.float32), 0, 1, (4, 4))
print([name for name in ("matplotlib", "keras", "tensorflow", "jax") if name in sys.modules])
"""


def test_an_overlay_needs_neither_matplotlib_nor_a_framework():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
