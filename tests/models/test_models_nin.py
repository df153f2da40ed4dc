"""mlpconv and whole networks against convolution and pooling written out in NumPy."""

import keras
import numpy as np
import pytest

from nin.errors import NinError
from nin.models import PRESETS, LeNet, NiN, ResNet18, mlpconv, nin_block
from nin.models.geometry import leaves
from nin.networks.stages import CLASSES, Stage


def windows(x, size, stride, padding, fill):
    """(n, h, w, c) → (n, h', w', c, size, size); "same" pads as Keras says it does."""
    if padding == "same":
        spare = [max((-(-side // stride) - 1) * stride + size - side, 0) for side in x.shape[1:3]]
        around = [(0, 0), *((pad // 2, pad - pad // 2) for pad in spare), (0, 0)]
        x = np.pad(x, around, constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return view[:, ::stride, ::stride]


def forward(net, x):
    """What `net` makes of `x`, in float64."""
    for layer in leaves(net):
        name = type(layer).__name__
        weights = [keras.ops.convert_to_numpy(w).astype(np.float64) for w in layer.weights]
        if name == "Conv2D":
            view = windows(x, layer.kernel_size[0], layer.strides[0], layer.padding, 0.0)
            x = np.einsum("nhwcij,ijcd->nhwd", view, weights[0]) + weights[1]
        elif name == "Dense":
            x = x @ weights[0] + weights[1]
        elif name == "MaxPooling2D":
            view = windows(x, layer.pool_size[0], layer.strides[0], layer.padding, -np.inf)
            x = view.max((-2, -1))
        elif name in ("AveragePooling2D", "AveragePooling"):
            view = windows(x, layer.pool_size[0], layer.strides[0], layer.padding, np.nan)
            x = np.nanmean(view, (-2, -1))
        elif name == "GlobalAveragePooling2D":
            x = x.mean((1, 2))
        elif name == "Flatten":
            x = x.reshape(len(x), -1)
        elif name != "Activation":
            assert name == "Dropout"
        activation = getattr(layer, "activation", None)
        if activation is keras.activations.relu:
            x = np.maximum(x, 0)
        elif activation is keras.activations.sigmoid:
            x = 1 / (1 + np.exp(-x))
    return x


def give_random_weights(model, gain):
    """Weights and biases with which the outputs differ from image to image."""
    rng = np.random.default_rng(7)
    for weight in model.trainable_weights:
        if len(weight.shape) == 1:
            weight.assign(rng.uniform(0, 0.1, weight.shape))
        else:
            scale = gain / np.prod(weight.shape[:-1]) ** 0.5
            weight.assign(rng.normal(0, scale, weight.shape))


@pytest.mark.parametrize(
    ("make", "shape", "gain"),
    [
        pytest.param(
            lambda: NiN(preset="mnist", width=0.2, num_classes=4),
            (28, 28, 1),
            2,
            marks=pytest.mark.every_backend,
        ),
        (lambda: NiN(preset="cifar10", width=0.1, num_classes=4), (31, 18, 3), 2),
        (lambda: NiN(width=0.25, num_classes=4), (75, 90, 1), 2),
        pytest.param(lambda: LeNet(num_classes=4), (28, 28, 1), 9, marks=pytest.mark.every_backend),
    ],
    ids=["mnist", "cifar10", "book", "lenet"],
)
def test_whole_network_against_numpy(make, shape, gain, images):
    model = make()
    model.build((None, *shape))
    give_random_weights(model, gain)
    x = images(3, shape) // np.array([1, 2, 8], np.uint8)[:, None, None, None]
    expected = forward(model.net, x / 255)
    assert (expected.std(0) > 1e-2 * np.abs(expected).max()).sum() >= 2
    near = 1e-4 * np.abs(expected).max()
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(x)), expected, atol=near)


def test_answers_are_means_of_the_class_maps(images):
    model = NiN(preset="mnist", width=0.1, num_classes=4)
    x = images(2, (28, 28, 1))
    logits = keras.ops.convert_to_numpy(model(x))
    maps = model.preprocessing(x)
    for layer in model.net.layers[:-2]:
        maps = layer(maps)
    maps = keras.ops.convert_to_numpy(maps)
    assert maps.shape == (2, 7, 7, 4)
    assert maps.min() >= 0
    np.testing.assert_allclose(maps.mean((1, 2)), logits, rtol=1e-5, atol=1e-7)


def test_mlpconv_is_a_convolution_and_ones():
    block = mlpconv((5, 4, 3, 2), kernel_size=5, strides=2, padding="valid")
    assert [type(layer).__name__ for layer in block.layers] == ["Conv2D", "Activation"] * 4
    convolutions = block.layers[::2]
    assert [layer.filters for layer in convolutions] == [5, 4, 3, 2]
    assert [layer.kernel_size for layer in convolutions] == [(5, 5), (1, 1), (1, 1), (1, 1)]
    assert [layer.strides for layer in convolutions] == [(2, 2), (1, 1), (1, 1), (1, 1)]
    assert convolutions[0].padding == "valid"
    assert all(layer.activation is keras.activations.relu for layer in block.layers[1::2])
    assert all(layer.activation is keras.activations.linear for layer in convolutions)
    assert block.compute_output_shape((None, 11, 12, 3)) == (None, 4, 4, 2)


def test_nin_block_is_the_mlpconv_of_three_equal_widths():
    book, ours = nin_block(6, 3, 2, "valid"), mlpconv((6, 6, 6), 3, 2, "valid")

    def arguments(block):
        keys = ("filters", "kernel_size", "strides", "padding", "activation", "use_bias")
        configs = [layer.get_config() for layer in block.layers]
        return [{key: config.get(key) for key in keys} for config in configs]

    assert arguments(book) == arguments(ours)
    assert mlpconv((4,), 3).layers[0].padding == "same"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *(pytest.param(n, marks=pytest.mark.every_backend) for n in ("book", "mnist")),
        *("cifar10", "googlenet", "resnet18", "densenet"),
    ],
)
def test_class_maps_average_to_the_logits(twin, images, name):
    model, shape = twin(name)
    x = images(3, (shape[0] + 9, shape[1] + 5, shape[2]))
    maps = keras.ops.convert_to_numpy(model.class_maps(x))
    logits = model.predict(x, verbose=0)
    assert maps.ndim == 4
    assert maps.shape[-1] == 3
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), logits, rtol=1e-4, atol=1e-6)


@pytest.mark.every_backend
def test_class_maps_of_a_network_that_ends_in_a_linear_layer(images, monkeypatch):
    """Zhou et al. 2016: the linear layer at each position of the last features."""
    monkeypatch.setattr("nin.models.resnet.RESNET18", ((1, 64), (1, 16), (1, 16), (1, 16)))
    model = ResNet18(num_classes=3)
    x = images(2, (64, 80, 1))
    model.build((None, 64, 80, 1))
    give_random_weights(model, 1)
    features = model.preprocessing(x)
    for layer in model.net.layers[:-2]:
        features = layer(features, training=False)
    kernel, bias = (keras.ops.convert_to_numpy(w) for w in model.net.layers[-1].weights)
    maps = keras.ops.convert_to_numpy(model.class_maps(x))
    assert maps.shape == (2, 2, 3, 3)
    expected = keras.ops.convert_to_numpy(features) @ kernel + bias
    np.testing.assert_allclose(maps, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.every_backend
@pytest.mark.parametrize("head", [(), (5,)])
def test_a_nin_with_a_dense_end_has_no_class_maps(head, images):
    model = NiN(preset="mnist", width=0.1, head=head)
    with pytest.raises(NinError, match="NiN has no class maps: its logits are not means of maps"):
        model.class_maps(images(1, (28, 28, 1)))


def test_stages_are_the_preset_written_out(images):
    preset, own = (
        NiN(num_classes=4, width=0.1, preset="mnist", **arguments)
        for arguments in ({}, {"stages": PRESETS["mnist"].stages})
    )
    x = images(2, (28, 28, 1))
    preset.build((None, 28, 28, 1))
    own.build((None, 28, 28, 1))
    own.set_weights(preset.get_weights())
    outputs = (keras.ops.convert_to_numpy(model(x)) for model in (preset, own))
    np.testing.assert_array_equal(*outputs)


def test_batch_normalisation_follows_all_convolutions_but_those_of_class_maps(images):
    for name in ("mnist", "book"):
        model = NiN(preset=name, width=0.05, batch_norm=True, pooling="average")
        model.build((None, 67, 67, 1))
        kinds = [type(layer).__name__ for layer in leaves(model.net)]
        maps = 3 if name == "book" else 1
        plain = sum(stage.widths.count(CLASSES) for stage in PRESETS[name].stages)
        assert plain == maps
        assert kinds.count("Conv2D") - kinds.count("BatchNormalization") == maps
        assert kinds.count("AveragePooling") == sum(
            stage.pool is not None for stage in PRESETS[name].stages
        )
        assert "MaxPooling2D" not in kinds
        x = images(2, (67, 67, 1))
        means = np.mean(keras.ops.convert_to_numpy(model.class_maps(x)), axis=(1, 2))
        np.testing.assert_allclose(means, keras.ops.convert_to_numpy(model(x)), atol=1e-5)


def test_pooling_that_does_not_exist():
    with pytest.raises(ValueError, match="pooling is max or average, not 'median'"):
        NiN(pooling="median")


def test_window_and_last_relu_of_a_block():
    block = mlpconv((5, 4, 3), 5, 2, "valid", window=3, last_relu=False)
    assert [type(layer).__name__ for layer in block.layers] == ["Conv2D", "Activation"] * 2 + [
        "Conv2D"
    ]
    convolutions = block.layers[::2]
    assert [layer.kernel_size for layer in convolutions] == [(5, 5), (3, 3), (3, 3)]
    assert [layer.padding for layer in convolutions] == ["valid", "same", "same"]
    assert [layer.strides for layer in convolutions] == [(2, 2), (1, 1), (1, 1)]


def test_nin_without_stages_is_refused():
    with pytest.raises(ValueError, match="one stage or more"):
        NiN(stages=[])


def test_networks_with_a_dense_head_have_no_class_maps(twin, images):
    model, shape = twin("lenet")
    with pytest.raises(NinError, match="LeNet has no class maps"):
        model.class_maps(images(1, shape))


@pytest.mark.every_backend
def test_class_maps_are_float32_in_mixed_precision_too():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = NiN(preset="mnist", width=0.1)
        model.build((None, 12, 12, 1))
    finally:
        keras.config.set_dtype_policy("float32")
    images = np.zeros((1, 12, 12, 1), np.uint8)
    maps = model.class_maps(images)
    assert keras.backend.standardize_dtype(maps.dtype) == "float32"


def test_class_maps_that_are_written_as_a_number_stay():
    stages = [Stage((8, 8), 3), Stage((3,), 3)]
    net = NiN(num_classes=3, stages=stages, width=0.5, batch_norm=True).net
    kinds = [type(layer).__name__ for layer in leaves(net)]
    assert [layer.filters for layer in leaves(net) if hasattr(layer, "filters")] == [4, 4, 3]
    assert sum("BatchNorm" in kind for kind in kinds) == 2


def test_weights_that_an_init_has_set_are_kept(images):
    model = NiN(num_classes=6, preset="mnist", width=0.1)
    model.apply_init([images(1, (28, 28, 1))], lambda _: None)
    assert not model.is_fresh


def test_a_loss_as_an_attribute_is_refused():
    with pytest.raises(NinError, match="define loss"):
        LeNet().loss = keras.losses.MeanSquaredError()


def test_widths_before_the_maps_may_be_as_many_as_the_classes():
    net = NiN(num_classes=96, preset="mnist", width=0.5).net
    widths = [layer.filters for layer in leaves(net) if hasattr(layer, "filters")]
    assert widths[-3:] == [64, 48, 96]
