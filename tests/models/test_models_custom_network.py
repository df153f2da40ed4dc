"""Custom networks: made, looked through, and what is no network."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from custom_networks import write_nets

from nin.accounting import count_cost
from nin.errors import NinError
from nin.models import make_net
from nin.models.geometry import flow, has_class_maps, leaves, smallest_size
from nin.networks.lookup import network_name

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), np.uint8)


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    return write_nets(tmp_path_factory.mktemp("own"))


def made(network, classes=10):
    model = make_net(network_name(network), classes, (8, 8, 1))
    model.build((None, 8, 8, 1))
    return model


@pytest.mark.every_backend
def test_a_function_makes_a_network_with_class_maps(nets):
    model = made(f"{nets}:cnn(width=3)", 7)
    logits = keras.ops.convert_to_numpy(model(IMAGES))
    assert logits.shape == (3, 7)
    assert has_class_maps(model.net)
    maps = keras.ops.convert_to_numpy(model.class_maps(IMAGES))
    assert maps.mean(axis=(1, 2)) == pytest.approx(logits, abs=1e-5)
    assert count_cost(model, (8, 8, 1)).parameters.total == model.count_params() == 142
    assert model.is_fresh


def test_the_layers_of_a_graph_are_found_in_order(nets):
    kinds = [type(layer).__name__ for layer in leaves(made(f"{nets}:cnn").net)]
    assert kinds == ["Conv2D", "Conv2D", "Add", "GlobalAveragePooling2D", "Dense"]


def test_anything_flows_through_a_graph(nets):
    seen = []

    def visit(layer, signal):
        seen.append(signal)
        return f"{type(layer).__name__}"

    assert flow(made(f"{nets}:cnn").net, "image", visit) == "Dense"
    assert seen[:3] == ["image", "Conv2D", ["Conv2D", "Conv2D"]]


def test_a_classifier_class_is_itself(nets):
    model = made(f"{nets}:Linear", 5)
    assert type(model).__name__ == "Linear"
    assert not has_class_maps(model.net)
    assert model.source.label == "Linear"


def test_a_keras_model_is_copied_each_time():
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]
    given = keras.Sequential(layers)
    one, other = made(given), made(given)
    kernels = [model.net.layers[-1].kernel for model in (given_model(given), one, other)]
    assert len({id(kernel) for kernel in kernels}) == 3
    values = [keras.ops.convert_to_numpy(kernel) for kernel in kernels]
    assert not np.array_equal(values[1], values[2])


def given_model(net):
    return type("Given", (), {"net": net})


def test_a_graph_that_computes_without_layers_has_no_maps():
    image = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(4, 3)(image)
    pooled = keras.layers.GlobalAveragePooling2D()(x * 2.0)
    net = keras.Model(image, keras.layers.Dense(3)(pooled))
    assert not has_class_maps(net)
    X = keras.ops.convert_to_tensor(IMAGES.astype("float32"))
    through = flow(net, X, lambda layer, signal: layer(signal))
    assert np.array_equal(*map(keras.ops.convert_to_numpy, (through, net(X))))
    with pytest.raises(NinError, match=r"multiply\w* is computed without a layer: write it as"):
        flow(net, "image", lambda *_: "signal")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Netless", "Netless sets no self.net"),
        ("text", "text returns no network but str: return a keras.Model"),
        ("needs", "needs needs an argument depth"),
        ("raises", "raises cannot be made: {nets}, line"),
        ("raises", "RuntimeError: no such luck"),
        ("leaves", "leaves cannot be made: {nets}, line"),
        ("cnn(wdith=3)", "there is no argument wdith: known are num_classes, input_shape, width"),
        ("constant", "constant is not a network"),
    ],
)
def test_what_makes_no_network_is_one_line(name, said, nets):
    with pytest.raises(NinError) as caught:
        made(f"{nets}:{name}")
    assert said.format(nets=nets) in str(caught.value)


def test_what_is_no_network_at_all():
    with pytest.raises(NinError, match="a network is a name, stages, a class"):
        network_name(3)


def test_a_layer_of_several_arguments_is_one_line():
    image = keras.Input((8, 8, 4))
    x = keras.layers.MultiHeadAttention(1, 2, attention_axes=(1, 2))(image, image)
    net = keras.Model(image, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x)))
    with pytest.raises(NinError, match="takes inputs as several arguments"):
        flow(net, keras.ops.zeros((1, 8, 8, 4)), lambda layer, signal: layer(signal))


@pytest.mark.parametrize(
    "layer", [keras.layers.PReLU, lambda: keras.layers.LayerNormalization(axis=[1, 2, 3])]
)
def test_weights_of_each_position_are_built_for_one_size(layer):
    def own(num_classes):
        return keras.Sequential(
            [
                keras.layers.Conv2D(4, 3),
                layer(),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(num_classes),
            ]
        )

    assert made(own)(IMAGES).shape == (3, 10)


def test_weights_that_a_function_loads_are_kept():
    def loaded(num_classes):
        net = keras.Sequential(
            [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(num_classes)]
        )
        net.is_fresh = False
        return net

    assert not made(loaded).is_fresh


def test_layers_for_channels_first_are_refused():
    def own(num_classes):
        return keras.Sequential(
            [
                keras.layers.Conv2D(4, 3, padding="same", data_format="channels_first"),
                keras.layers.Flatten(),
                keras.layers.Dense(num_classes),
            ]
        )

    with pytest.raises(NinError, match="takes channels first"):
        made(own)


def test_layer_summary_of_a_graph_is_one_line(nets):
    with pytest.raises(NinError, match="do not follow one another"):
        made(f"{nets}:cnn").layer_summary((1, 8, 8, 1))


def test_layers_for_channels_first_after_a_permutation_are_as_the_reader_says():
    def own(num_classes):
        return keras.Sequential(
            [
                keras.layers.Permute((3, 1, 2)),
                keras.layers.MaxPooling2D(2, data_format="channels_first"),
                keras.layers.Flatten(),
                keras.layers.Dense(num_classes),
            ]
        )

    assert make_net(network_name(own), 2, (8, 8, 1)) is not None


@pytest.mark.parametrize(
    "moved",
    [
        [
            keras.layers.Permute((3, 1, 2)),
            keras.layers.MaxPooling2D(1, data_format="channels_first"),
        ],
        [keras.layers.Permute((2, 1, 3))],
    ],
)
def test_maps_whose_axes_are_moved_are_no_class_maps(moved):
    ends = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)]
    assert has_class_maps(keras.Sequential([keras.layers.Conv2D(4, 1), *ends]))
    assert not has_class_maps(keras.Sequential([*moved, keras.layers.Conv2D(4, 1), *ends]))


def test_a_layer_that_crops_says_itself_what_is_too_small():
    ends = [keras.layers.Conv2D(4, 3), keras.layers.GlobalAveragePooling2D()]
    assert smallest_size(keras.Sequential([keras.layers.Cropping2D(2), *ends])) == 1


def test_a_classifier_class_is_told_the_number_of_classes(nets):
    assert made(f"{nets}:Linear", 5)(IMAGES).shape == (3, 5)


def test_a_readers_layer_with_weights_of_each_position():
    class Position(keras.layers.Layer):
        def build(self, shape):
            self.offset = self.add_weight(shape=shape[1:], name="offset")

        def call(self, X):
            return X + self.offset

    def own(num_classes):
        ends = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(num_classes)]
        return keras.Sequential([keras.layers.Conv2D(4, 3), Position(), *ends])

    assert made(own)(IMAGES).shape == (3, 10)
