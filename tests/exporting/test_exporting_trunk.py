"""A network on a pretrained trunk leaves in every form, from a run that no framework trained."""

import numpy as np
import photographs
import pytest

import nin
from nin.exporting.parity import IMAGES

#: A SavedModel is written from the same graph as LiteRT's file.
FORMATS = [pytest.param("onnx", marks=pytest.mark.every_backend), "openvino", "litert"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A frozen run at 64 pixels that tells stripes apart."""
    root = tmp_path_factory.mktemp("trunk")
    recipe = nin.RECIPES["photos"].revised(
        data=str(photographs.folder(root / "photos")), image_size=64, preset="efficientnet-lite0"
    )
    return nin.train(recipe, root / "run")


@pytest.fixture(scope="module")
def predictions(trained):
    """Images, and what the run says of them."""
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    images = np.sort(images, axis=1)
    return images, nin.Predictor(trained).predict(images, maps=True)


@pytest.mark.parametrize("form", FORMATS)
def test_every_form_predicts_as_the_run(trained, predictions, form, tmp_path):
    out = tmp_path / {"onnx": "a.onnx", "litert": "a.tflite"}.get(form, "a")
    done = nin.export(trained, form, out, maps=True)
    assert 0 < done.parity.images == done.parity.labels_equal <= IMAGES
    assert done.parity.largest_difference < 1e-5
    images, here = predictions
    there = nin.Predictor(done.path).predict(images, maps=True)
    np.testing.assert_allclose(there.probabilities, here.probabilities, atol=1e-4)
    scale = np.abs(here.maps).max()
    np.testing.assert_allclose(there.maps, here.maps, atol=1e-3 * scale)
    logits = there.maps.mean(axis=(1, 2))
    softmax = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax /= softmax.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(there.probabilities, softmax, atol=1e-5)


def test_plain_operators_say_the_same(trained, predictions, tmp_path):
    images, here = predictions
    done = nin.export(trained, out=tmp_path / "a.onnx", size=64)
    assert done.parity.images == done.parity.labels_equal
    there = nin.Predictor(done.path).predict(images)
    np.testing.assert_allclose(there.probabilities, here.probabilities, atol=1e-4)


def test_eight_bits_say_what_they_cost(trained, tmp_path):
    done = nin.export(trained, quantize="int8", out=tmp_path / "small.onnx")
    assert done.path.stat().st_size < 0.4 * trained.weights_path.stat().st_size
    assert done.quantization.same_label >= 0.5
