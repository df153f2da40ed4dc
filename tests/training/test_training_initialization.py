"""The start: what it does to the weights, and that a NiN learns from it where it died before."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import nin
from nin.models import DenseNet, GoogLeNet, ResNet18, Stage
from nin.models.geometry import flow, leaves
from nin.networks.stages import CLASSES
from nin.training.initialization import MAP_MEAN, MAP_SPREAD, initialize


def images(n=32, size=16, seed=0):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (n, 4, 4, 1))
    return np.kron(coarse, np.ones((1, size // 4, size // 4, 1))).astype(np.uint8)


def built(**arguments):
    keras.utils.set_random_seed(1)
    model = nin.NiN(**{"num_classes": 6, "preset": "mnist", "width": 0.1, **arguments})
    model.build((None, 16, 16, 1))
    return model


def convolutions(model):
    return [layer for layer in leaves(model.net) if isinstance(layer, keras.layers.Conv2D)]


def outputs(model, x):
    signal = model.preprocessing(x)
    for layer in leaves(model.net):
        signal = layer(signal)
        if isinstance(layer, keras.layers.Conv2D):
            yield layer, keras.ops.convert_to_numpy(signal)


@pytest.mark.every_backend
def test_every_convolution_puts_out_unit_variance():
    model, x = built(), images()
    assert initialize(model, x) == (9, 0)
    for layer, out in outputs(model, x):
        without_bias = out - np.asarray(keras.ops.convert_to_numpy(layer.bias))
        expected = MAP_SPREAD if layer in convolutions(model)[-2:] else 1
        assert without_bias.std() == pytest.approx(expected, rel=1e-3)


def test_the_books_last_two_convolutions_are_the_identity():
    keras.utils.set_random_seed(1)
    model = nin.NiN(num_classes=6, width=0.05)
    x = images(8, 80)
    model.build((None, 80, 80, 1))
    assert initialize(model, x) == (10, 2)
    for layer in convolutions(model)[-2:]:
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.kernel)[0, 0], np.eye(6))
    *_, maps, first, second = [out for _, out in outputs(model, x)]
    np.testing.assert_array_equal(first, np.maximum(maps, 0))
    np.testing.assert_array_equal(second, first)


def class_maps(model, x):
    *_, (_, maps) = outputs(model, x)
    return maps


@pytest.mark.every_backend
def test_every_class_map_starts_with_the_same_mean_and_alive():
    model, x = built(), images()
    initialize(model, x)
    maps = class_maps(model, x)
    np.testing.assert_allclose(maps.mean(axis=(0, 1, 2)), MAP_MEAN, rtol=1e-4)
    assert (maps > 0).mean() > 0.98
    assert (model.predict(x, verbose=0).std(axis=0) > 0.003).all()


def test_rare_classes_start_with_their_frequency():
    model, x = built(), images()
    shares = np.array([0.5, 0.25, 0.1, 0.1, 0.05, 0.0])
    initialize(model, x, shares)
    means = class_maps(model, x).mean(axis=(0, 1, 2))
    assert means.min() == pytest.approx(MAP_MEAN, rel=1e-4)
    np.testing.assert_allclose(np.exp(means[:5] - means[4]), shares[:5] / shares[4], rtol=1e-3)


def linear_spreads(model, x):
    """The standard deviation of what each layer with a kernel puts out, before its activation."""
    spreads = []

    def visit(layer, signal):
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)):
            activation, layer.activation = layer.activation, keras.activations.linear
            spreads.append(float(keras.ops.convert_to_numpy(layer(signal)).std()))
            layer.activation = activation
        return layer(signal)

    flow(model.net, model.preprocessing(x), visit)
    return spreads


OTHERS = {
    "lenet": (lambda: nin.LeNet(num_classes=6), 28, 5),
    "vgg": (lambda: nin.VGG([(1, 8)] * 3, num_classes=6), 16, 6),
    "googlenet": (lambda: GoogLeNet(num_classes=6), 32, 58),
    "dense end": (lambda: nin.NiN(6, preset="mnist", width=0.1, head=(32,)), 16, 8),
    "linear end": (lambda: nin.NiN(6, preset="mnist", width=0.1, head=()), 16, 7),
}


@pytest.mark.parametrize(
    "name",
    [
        *(pytest.param(name, marks=pytest.mark.every_backend) for name in ("lenet", "dense end")),
        *("vgg", "linear end"),
        pytest.param("googlenet", marks=pytest.mark.slow),
    ],
)
def test_every_layer_of_other_networks_gets_unit_variance_too(name):
    make, size, layers = OTHERS[name]
    keras.utils.set_random_seed(1)
    model, x = make(), images(16, size)
    model.build((None, size, size, 1))
    assert initialize(model, x) == (layers, 0)
    *spreads, logits = linear_spreads(model, x)
    np.testing.assert_allclose(spreads, 1, rtol=1e-3)
    assert logits == pytest.approx(MAP_SPREAD, rel=1e-3)
    assert model.predict(x, verbose=0).std() == pytest.approx(MAP_SPREAD, rel=1e-2)
    assert not any(
        np.any(keras.ops.convert_to_numpy(layer.bias))
        for layer in leaves(model.net)
        if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense))
    )


@pytest.mark.parametrize("net", [ResNet18, DenseNet])
def test_batch_normalisation_sets_the_scale_by_itself(net):
    model, x = net(num_classes=6), images(4, 32)
    model.build((None, 32, 32, 1))
    before = model.get_weights()
    assert model.is_fresh
    assert initialize(model, x) is None
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_class_maps_that_are_not_normalised_are_started_after_batch_normalisation():
    """`mnist` at a tenth: its last block has as many channels as there are classes throughout."""
    model, x = built(batch_norm=True, num_classes=10), images()
    kernels = [np.array(layer.kernel) for layer in leaves(model.net) if hasattr(layer, "kernel")]
    assert initialize(model, x) == (1, 0)
    *others, _ = [layer for layer in leaves(model.net) if hasattr(layer, "kernel")]
    for layer, kernel in zip(others, kernels, strict=False):
        np.testing.assert_array_equal(layer.kernel, kernel)

    logits = model.predict(x, verbose=0)
    np.testing.assert_allclose(np.mean(logits, axis=0), MAP_MEAN, rtol=0.05)
    assert 0.01 < logits.std() < MAP_SPREAD


@pytest.mark.parametrize(
    "ending",
    [
        [keras.layers.Conv2D(6, 1), keras.layers.ReLU()],
        [keras.layers.Conv2D(6, 1, activation="relu")],
    ],
    ids=["a layer of its own", "in the convolution"],
)
def test_a_relu_follows_class_maps_however_it_is_written(ending):
    keras.utils.set_random_seed(1)

    class Own(nin.Classifier):
        def __init__(self):
            super().__init__()
            layers = [keras.layers.Conv2D(8, 3), keras.layers.BatchNormalization()]
            self.net = keras.Sequential(
                [*layers, keras.layers.ReLU(), *ending, keras.layers.GlobalAveragePooling2D()]
            )

    model, x = Own(), images()
    model.build((None, 16, 16, 1))
    assert initialize(model, x) == (1, 0)
    logits = keras.ops.convert_to_numpy(model(x))
    np.testing.assert_allclose(logits.mean(axis=0), MAP_MEAN, atol=0.1)


def test_linear_class_maps_after_batch_normalisation_only_need_its_averages():
    stages = [Stage((8, 8), 3, pool="same"), Stage((8, CLASSES), 3, last_relu=False)]
    model, x = nin.NiN(6, stages=stages, batch_norm=True), images()
    model.build((None, 16, 16, 1))
    before = [np.array(weight) for weight in model.trainable_weights]
    assert initialize(model, x) == (0, 0)
    for old, new in zip(before, model.trainable_weights, strict=True):
        np.testing.assert_array_equal(old, new)
    normal = [
        layer for layer in leaves(model.net) if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(normal) == 3
    assert all(np.any(keras.ops.convert_to_numpy(each.moving_mean)) for each in normal)


def test_stages_without_a_last_relu_start_as_class_maps_do():
    keras.utils.set_random_seed(1)
    stages = [Stage((8, 8), 3, pool="same"), Stage((8, CLASSES), 3, last_relu=False)]
    model, x = nin.NiN(6, stages=stages), images()
    model.build((None, 16, 16, 1))
    assert initialize(model, x) == (4, 0)
    maps = class_maps(model, x)
    np.testing.assert_allclose(maps.mean(axis=(0, 1, 2)), MAP_MEAN, rtol=1e-4)
    assert 0.1 < maps.std() <= MAP_SPREAD


@pytest.mark.every_backend
def test_fresh_is_what_keras_initialised():
    model = nin.NiN(num_classes=6, preset="mnist", width=0.1)
    assert model.is_fresh
    model.build((None, 16, 16, 1))
    assert model.is_fresh
    initialize(model, images())
    assert not model.is_fresh


def fitted(model):
    model.compile("sgd")
    model.train_on_batch(images(), np.zeros(32, np.int32))
    return model


def by_hand(model):
    model.training_step((images(), np.zeros(32, np.int32)))
    return model


def with_weights_of_another(model):
    model.set_weights(built().get_weights())
    return model


def saved_and_loaded(model, path):
    model.save(path / "model.keras")
    return keras.saving.load_model(path / "model.keras")


def weights_loaded(model, path):
    model.save_weights(path / "model.weights.h5")
    model.load_weights(path / "model.weights.h5")
    return model


@pytest.mark.every_backend
@pytest.mark.parametrize("change", [fitted, by_hand, with_weights_of_another])
def test_weights_that_were_changed_are_not_fresh(change):
    assert not change(built()).is_fresh


@pytest.mark.every_backend
@pytest.mark.parametrize("change", [saved_and_loaded, weights_loaded])
def test_weights_that_were_loaded_are_not_fresh(change, tmp_path):
    assert not change(built(), tmp_path).is_fresh


def test_a_copy_with_new_weights_is_fresh():
    model = with_weights_of_another(built())
    assert keras.models.clone_model(model).is_fresh


def test_weights_from_elsewhere_are_left_alone_unless_said_to_be_fresh():
    class Prebuilt(nin.Classifier):
        def __init__(self):
            super().__init__()
            self.net = keras.Sequential([keras.Input((16, 16, 1)), nin.nin_block(6, 3, 1, "same")])

    model = Prebuilt()
    assert not model.is_fresh
    model.build((None, 16, 16, 1))
    assert not model.is_fresh
    model.is_fresh = True
    assert model.is_fresh


def test_frozen_weights_behind_a_layer_without_any_are_left_alone():
    keras.utils.set_random_seed(1)
    base = keras.Sequential([keras.Input((16, 16, 1)), keras.layers.Conv2D(4, 3)])
    base.trainable = False

    class Transfer(nin.Classifier):
        def __init__(self):
            super().__init__()
            self.lr = 0.1
            pool, dense = keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(6)
            self.net = keras.Sequential([keras.layers.RandomFlip(), base, pool, dense])

    before = [*map(np.copy, base.get_weights())]
    model = Transfer()
    assert not model.is_fresh
    nin.Trainer(1, verbose=False).fit(model, (images(), np.arange(32) % 6))
    for one, other in zip(base.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_activations_of_layers_stay():
    keras.utils.set_random_seed(0)

    class Fused(nin.Classifier):
        def __init__(self):
            super().__init__()
            self.net = keras.Sequential(
                [
                    keras.layers.Conv2D(8, 3, activation="relu"),
                    keras.layers.Conv2D(6, 1, activation="relu"),
                    keras.layers.GlobalAveragePooling2D(),
                ]
            )

    model = Fused()
    model.build((None, 16, 16, 1))
    initialize(model, images())
    assert {layer.activation.__name__ for layer in convolutions(model)} == {"relu"}
    assert (model.predict(images(), verbose=0) > 0).mean() > 0.9
