"""What ONNX Runtime makes of photographs is what Keras makes of them."""

import keras
import numpy as np
import pytest

from nin.errors import DataError
from nin.models import NiN
from nin.pretrained import FeatureExtractor
from nin.pretrained.features import MEAN, STD
from nin.training.runs.weights import weights


def noise(count, height, width, seed=0):
    """Coarse noise, that a trained trunk tells apart from grey: (count, height, width, 3)."""
    rough = np.random.default_rng(seed).integers(
        0, 256, (count, height // 8 + 1, width // 8 + 1, 3)
    )
    return rough.astype(np.uint8).repeat(8, 1).repeat(8, 2)[:, :height, :width]


def in_keras(trunk):
    """The trunk as layers of Keras, with its weights."""
    model = NiN(num_classes=2, preset=trunk.name)
    model.preprocessing.configure(mean=[MEAN / 255] * 3, std=[STD / 255] * 3)
    model.build((None, 64, 64, 3))
    variables = weights(model)
    for name, array in trunk.weights().items():
        variables[name].assign(array)

    def features(images):
        x = model.preprocessing(keras.ops.convert_to_tensor(images))
        for layer in model.net.layers[:-3]:
            x = layer(x, training=False)
        return keras.ops.convert_to_numpy(keras.ops.mean(x, axis=(1, 2)))

    return features


@pytest.fixture(scope="module")
def extractor(lite1):
    return FeatureExtractor(lite1)


@pytest.mark.slow
def test_keras_answers_alike(lite1, extractor):
    theirs = in_keras(lite1)
    for height, width in ((64, 64), (65, 97)):
        images = noise(2, height, width)
        features = extractor(images)
        assert features.shape == (2, lite1.channels) == (2, 1280)
        assert features.dtype == np.float32
        assert np.ptp(features, axis=0).max() > 0.1, "the images are alike"
        np.testing.assert_allclose(features, theirs(images), rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_every_trunk_answers_alike_at_its_own_size(trunk):
    height = {"efficientnet-lite0": 224, "efficientnet-lite1": 240, "efficientnet-lite2": 260}
    images = noise(1, height[trunk.name], 63)
    np.testing.assert_allclose(
        FeatureExtractor(trunk)(images), in_keras(trunk)(images), rtol=1e-4, atol=1e-4
    )


def test_neither_order_nor_number_of_the_images_matters(extractor):
    images = noise(5, 70, 45)
    together = extractor(images)
    order = [3, 0, 4, 2, 1]
    np.testing.assert_allclose(extractor(images[order]), together[order], rtol=1e-5, atol=1e-6)
    for number, features in enumerate(together):
        alone = extractor(images[number : number + 1])[0]
        np.testing.assert_allclose(alone, features, rtol=1e-5, atol=1e-6)


def test_too_little_memory_is_one_line(lite1, monkeypatch):
    extractor = FeatureExtractor(lite1)

    class Full:
        def run(self, names, feeds):
            raise RuntimeError("bad allocation\nwhile running Conv3")

    monkeypatch.setattr(extractor, "_session", Full())
    with pytest.raises(
        DataError, match=r"^features of 1 image of .* \(bad allocation\): .* lower image_size$"
    ):
        extractor(noise(1, 8, 9))


def test_the_number_of_threads_does_not_matter(lite1, extractor):
    images = noise(3, 64, 64)
    alone = FeatureExtractor(lite1, threads=1)
    np.testing.assert_allclose(alone(images), extractor(images), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_grey_of_the_mean_is_zero_to_the_first_convolution(lite1, extractor):
    """With "same" padding of zeros, an image of the mean's grey is one without an edge."""
    grey = np.full((1, 64, 64, 3), int(MEAN), np.uint8)
    assert not np.array_equal(extractor(grey), extractor(grey + 1))
    np.testing.assert_allclose(extractor(grey), in_keras(lite1)(grey), rtol=1e-4, atol=1e-4)


def test_one_pixel_is_enough(extractor):
    assert np.isfinite(extractor(noise(1, 1, 1))).all()
