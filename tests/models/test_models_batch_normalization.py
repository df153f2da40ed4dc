"""Batch normalisation is Keras's, number for number, by whatever operator."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from nin import backends
from nin.models.batch_normalization import BatchNormalization
from nin.training.precision import precision_policy

pytestmark = pytest.mark.every_backend

#: Images whose channels differ, and weights that do.
SHAPE = (5, 4, 3, 6)
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(2, 3, SHAPE).astype("float32")
WEIGHTS = [RANDOM.normal(1, 0.3, 6), *RANDOM.normal(0, 1, (2, 6)), RANDOM.uniform(0.5, 2, 6)]


def pair(precision="float32", **settings):
    """Ours and Keras's."""
    with precision_policy(precision):
        return (
            BatchNormalization(**settings),
            keras.layers.BatchNormalization(momentum=0.9, **settings),
        )


def with_weights(layers):
    """With the same weights, which are not those of a fresh layer."""
    for layer in layers:
        layer.build(SHAPE)
        layer.set_weights(WEIGHTS)
    return layers


def outputs(layers, images=IMAGES, **how):
    """What each puts out, in float32."""
    return [ops.convert_to_numpy(ops.cast(layer(images, **how), "float32")) for layer in layers]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("training", [False, True])
def test_outputs_and_averages_are_those_of_keras(precision, training):
    layers = with_weights(pair(precision))
    ours, keras_s = outputs(layers, training=training)
    np.testing.assert_allclose(ours, keras_s, atol=1e-5 if precision == "float32" else 0.03)
    assert keras.backend.standardize_dtype(layers[0](IMAGES).dtype) == precision
    for one, other in zip(*(layer.get_weights() for layer in layers), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert np.array_equal(layers[0].get_weights()[2], WEIGHTS[2].astype("float32")) != training


@pytest.mark.parametrize("frozen", [False, True])
def test_gradients_are_those_of_keras(frozen):
    found = []
    for layer in with_weights(pair()):
        layer.trainable = not frozen
        model = keras.Sequential([keras.layers.Conv2D(6, 1, kernel_initializer="ones"), layer])
        model.build(SHAPE)
        aim = np.cos(np.arange(IMAGES.size)).reshape(SHAPE).astype("float32")

        def loss(model=model, aim=aim):
            return ops.mean(ops.square(ops.subtract(model(IMAGES, training=True), aim))), ()

        *_, gradients = backends.current().gradients(loss, model)
        found.append([ops.convert_to_numpy(each) for each in gradients])
    assert len(found[0]) == (2 if frozen else 4)
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("settings", [{"scale": False, "center": False}, {"axis": 1}])
def test_what_is_not_usual_is_left_to_keras(settings):
    ours, keras_s = outputs(pair(**settings), training=True)
    assert np.array_equal(ours, keras_s)


def test_vectors_are_normalised_too():
    ours, keras_s = outputs(pair(), IMAGES[:, 0, 0], training=True)
    assert np.array_equal(ours, keras_s)


@pytest.mark.skipif(backends.choose() != "torch", reason="PyTorch's own")
def test_no_memory_is_read_that_nothing_was_written_to():
    import torch

    (layer, _) = with_weights(pair())
    torch.use_deterministic_algorithms(True)  # New memory then holds numbers that are not finite.
    try:
        layer(IMAGES, training=True)
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(np.isfinite(each).all() for each in layer.get_weights())
