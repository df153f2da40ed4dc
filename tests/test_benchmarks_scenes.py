"""Scenes say truly where the object is, and localisation is measured as it says."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from nin.data import Split

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
scenes, pointing, gradcam = map(
    importlib.import_module, ("localising.scenes", "localising.pointing", "localising.gradcam")
)

SIDE = 40


@pytest.fixture
def clothes():
    """Twelve squares with a dark hole, each of its own brightness; three classes."""
    images = np.zeros((12, 28, 28, 1), np.uint8)
    images[:, 6:20, 8:24] = 60 + 15 * np.arange(12)[:, None, None, None]
    images[:, 10:14, 12:16] = 0
    return Split(images, np.arange(12, dtype=np.int32) % 3)


@pytest.fixture
def made(clothes):
    return scenes.make_scenes(clothes, 12, SIDE, seed=4)


def test_the_object_lies_where_the_mask_says_and_is_of_the_labelled_class(made):
    brightness = np.array([np.median(i[m]) for i, m in zip(made.images, made.masks, strict=True)])
    garment = np.rint((brightness - 60) / 15).astype(int)
    np.testing.assert_array_equal(garment % 3, made.labels)
    assert sorted(garment) == list(range(12))


def test_a_mask_has_no_holes_and_its_box_fits(made):
    assert set(made.masks.sum(axis=(1, 2))) == {14 * 16}
    np.testing.assert_array_equal(scenes.boxes(made.masks), made.masks)


def test_a_box_is_filled_and_tight():
    mask = np.zeros((1, 6, 7), bool)
    mask[0, 1, 2] = mask[0, 4, 5] = True
    expected = np.zeros_like(mask)
    expected[0, 1:5, 2:6] = True
    np.testing.assert_array_equal(scenes.boxes(mask), expected)


def test_places_differ_and_there_is_clutter(made):
    corners = {tuple(np.argwhere(mask)[0]) for mask in made.masks}
    assert len(corners) > 8
    outside = [np.mean(i[..., 0][~m] > 100) for i, m in zip(made.images, made.masks, strict=True)]
    assert 0.02 < np.mean(outside) < 0.5


def test_a_seed_makes_the_same_scenes(clothes, made):
    again, other = (scenes.make_scenes(clothes, 12, SIDE, seed) for seed in (4, 5))
    np.testing.assert_array_equal(again.images, made.images)
    assert (other.images != made.images).any()


def test_the_last_scenes_are_held_out(made):
    data = scenes.SceneData(made, ("a", "b", "c"), held=4, batch_size=2, seed=0)
    assert len(data.train.labels) == 8
    np.testing.assert_array_equal(data.validation_split.images, made.images[8:])


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_centres_are_the_middles_of_what_cells_see(padding):
    """Found by brightening one pixel after the other: layers only add or take the largest."""
    kernel = {"kernel_initializer": "ones", "padding": padding}
    net = keras.Sequential(
        [
            keras.layers.Conv2D(1, 5, strides=2, **kernel),
            keras.layers.MaxPooling2D(3, strides=2, padding=padding),
            keras.layers.Conv2D(1, 3, **kernel),
        ]
    )
    line = np.ones((SIDE + 1, SIDE, SIDE, 1), np.float32)
    line[np.arange(SIDE), SIDE // 2, np.arange(SIDE)] += 1
    out = np.asarray(net(line))[..., 0]
    seen = (out[:-1] > out[-1]).any(axis=1)
    middles = gradcam.centres(net, SIDE, net.layers[-1])
    inside = slice(2, -2)
    expected = [np.flatnonzero(cell)[[0, -1]].mean() for cell in seen.T]
    np.testing.assert_array_equal(middles[inside], expected[inside])
    assert len(middles) == len(expected)


def test_a_map_points_at_the_middle_of_its_strongest_cell():
    maps = np.zeros((3, 2, 2), np.float32)
    maps[:2, 1, 0] = 1
    within = np.zeros((3, 8, 8), bool)
    within[0, 5, 2] = within[1, 2, 5] = within[2, 2, 2] = True
    middles = np.array([2.0, 5.0])
    assert pointing.points(maps, middles, within).tolist() == [True, False, False]


def test_energy_is_the_share_of_the_enlarged_map_and_none_of_an_empty_one():
    maps = np.stack([np.ones((4, 4)), np.zeros((4, 4)), np.eye(4)]).astype(np.float32)
    within = np.zeros((3, 8, 8), bool)
    within[:, :, :4] = True
    found = pointing.energy(maps, pointing.stretched(4, 8), within)
    np.testing.assert_allclose(found, [0.5, 0, 0.5], atol=1e-6)
