"""Images of any kind become what a file takes, and a description that lies is found out."""

from __future__ import annotations

import numpy as np
import pytest

from nin.data.decoding.decode import fitted
from nin.inference.input_spec import InputSpec, input_spec_problem
from nin.inference.outputs import Predictions


def images(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def test_any_size_and_channels_are_brought_to_a_fixed_form():
    form = InputSpec(3, 8, 2, "nchw", "float")
    given = images(3, 10, 12, 4)
    first, second = form.batches(given, "squash", most=99)
    assert first.shape == second.shape == (2, 3, 8, 8)
    assert first.dtype == np.float32
    seen = np.stack([fitted(image, (8, 8), 3) for image in given])
    assert (np.concatenate([first, second])[:3].transpose(0, 2, 3, 1) == seen).all()
    assert (second[1] == second[0]).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_only_channels_are_changed_where_the_size_is_free(channels):
    form = InputSpec(channels)
    for given in (1, 3, 4):
        batch = images(2, 5, 9, given)
        [seen] = form.batches(batch, "crop", most=2)
        assert (seen.shape, seen.dtype) == ((2, 5, 9, channels), np.uint8)
        assert given != channels or np.shares_memory(seen, batch)


def test_what_is_transparent_is_white():
    [seen] = InputSpec(3).batches(np.zeros((1, 4, 4, 4), np.uint8), "squash", most=1)
    assert (seen == 255).all()


def test_predictions_are_as_many_as_images_and_maps_in_one_order():
    form = InputSpec(1, 6, 4, "nchw", "float")

    def ask(batch, maps):
        assert batch.shape == (4, 1, 6, 6)
        return Predictions(batch[:, 0, 0, :2], batch[:, :, :3] if maps else None)

    given = images(5, 6, 6, 1)
    found = form.predict(ask, given, True, "squash")
    assert (found.probabilities == given[:, 0, :2, 0]).all()
    assert (found.maps == given[:, :3]).all()
    assert form.predict(ask, given, False, "squash").maps is None


def test_a_form_is_described_and_read_again():
    for form in (InputSpec(3), InputSpec(1), InputSpec(3, 32, 2, "nhwc", "uint8")):
        described = form.described()
        assert input_spec_problem(described, 32) is None
        description = {"input_shape": [32, 32, form.channels], "input": described}
        assert InputSpec.of(description) == form
    assert InputSpec.of({"input_shape": [32, 32, 3]}) is None


FREE, FIXED = InputSpec(3).described(), InputSpec(3, 32, 1, "nchw", "float").described()


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"foo": 1},
        {"x": 1, **{key: value for key, value in FREE.items() if key != "size"}},
        [],
        {**FREE, "type": "float"},
        {**FREE, "batch": 2},
        {**FIXED, "layout": "chwn"},
        {**FIXED, "type": ["float"]},
        {**FIXED, "size": 31},
        {**FIXED, "size": True},
        {**FIXED, "batch": None},
        {**FIXED, "batch": 0},
        {**FIXED, "batch": 2**40},
    ],
)
def test_a_form_that_makes_no_sense_is_refused(told):
    assert input_spec_problem(told, 32)
