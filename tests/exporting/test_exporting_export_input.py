"""A file for images of one size: plain operators, and it says what is to be done with a picture."""

from __future__ import annotations

import json

import numpy as np
import onnxruntime
import pytest

import nin
from nin.errors import ExportError, InputSizeError, UnknownNameError


@pytest.fixture(scope="module")
def fixed(first_run, tmp_path_factory):
    out = tmp_path_factory.mktemp("fixed") / "digits.onnx"
    return nin.export(first_run, out=out, size=16, batch=3)


def test_it_predicts_as_the_run_at_that_size(first_run, fixed, noise):
    assert fixed.parity.images == fixed.parity.labels_equal
    assert fixed.parity.largest_difference < 1e-5
    assert fixed.parity.maps_difference < 1e-5
    run, file = nin.Predictor(first_run, image_size=16), nin.Predictor(fixed.path)
    assert file.input_shape == (16, 16, 1)
    for shape in ((4, 16, 16, 1), (2, 30, 11, 3), (1, 9, 9, 4)):
        images = np.sort(noise(*shape), axis=2)
        a, b = (one.predict(images, maps=True) for one in (run, file))
        np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-6)
        np.testing.assert_allclose(a.maps, b.maps, atol=1e-5)


def test_what_it_takes_is_in_the_file_and_in_one_line(fixed):
    session = onnxruntime.InferenceSession(fixed.path)
    [images] = session.get_inputs()
    assert (images.shape, images.type) == ([3, 1, 16, 16], "tensor(float)")
    told = json.loads(session.get_modelmeta().custom_metadata_map["nin"])
    assert told["complete"] is False
    assert told["input"] == {
        "size": 16,
        "batch": 3,
        "layout": "nchw",
        "type": "float",
        "channels": "grey",
        "range": [0, 255],
        "resize": "bicubic, antialiased",
    }
    assert fixed.prepare == (
        "takes images (3, 1, 16, 16), float32: grey, all of it resized to 16x16 (bicubic with"
        " antialiasing), values from 0 to 255"
    )


def test_bytes_with_channels_last_predict_alike(first_run, fixed, real_digits, tmp_path):
    out = tmp_path / "bytes.onnx"
    nin.export(first_run, out=out, size=16, layout="nhwc", input="uint8")
    [images] = onnxruntime.InferenceSession(out).get_inputs()
    assert (images.shape, images.type) == ([1, 16, 16, 1], "tensor(uint8)")
    a, b = (nin.Predictor(path).predict(real_digits[:5], maps=True) for path in (fixed.path, out))
    np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-6)
    np.testing.assert_allclose(a.maps, b.maps, atol=1e-5)


@pytest.mark.slow
def test_dense_layers_take_their_own_size_only(tmp_path, real_digits):
    recipe = nin.RECIPES["digits"].revised(
        preset="lenet", width=1, image_size=28, limit=60, epochs=1
    )
    run = nin.train(recipe, tmp_path / "run")
    done = nin.export(run, size=28)
    assert done.path.name == "model.28.onnx"
    a, b = (nin.Predictor(each).predict(real_digits[:9]) for each in (run, done.path))
    assert np.abs(a.probabilities - b.probabilities).max() < 0.05
    with pytest.raises(ExportError, match=r"size=32: the network of .* 28x28 pixels only"):
        nin.export(run, size=32)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"size": 0}, ExportError, "size=0: give 1 to 4096 pixels"),
        ({"size": 5000}, ExportError, "size=5000: give 1 to 4096 pixels"),
        ({"batch": 2}, ExportError, "batch: it needs a fixed size: give size=16 as well"),
        ({"input": "float"}, ExportError, "input: it needs a fixed size: give size=16"),
        ({"size": 16, "layout": "hwc"}, UnknownNameError, "unknown layout 'hwc'"),
        ({"size": 16, "input": "int4"}, UnknownNameError, "unknown input 'int4'"),
        ({"size": 16, "batch": 0}, ExportError, "batch=0: give 1 to 262,144 images of 16x16"),
        ({"to": "web", "size": 16}, ExportError, "size: web takes images of any size and number"),
        ({"to": "savedmodel", "layout": "nhwc"}, ExportError, "layout: savedmodel takes images of"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(first_run, arguments, error, said):
    before = sorted(first_run.path.iterdir())
    with pytest.raises(error, match=said):
        nin.export(first_run, **arguments)
    assert sorted(first_run.path.iterdir()) == before


def test_a_size_that_the_network_cannot_take_is_refused(first_run, monkeypatch):
    monkeypatch.setattr("nin.models.classifier.smallest_sides", lambda _: (12, 12))
    with pytest.raises(InputSizeError, match="the smallest that works is 12x12"):
        nin.export(first_run, size=11)
