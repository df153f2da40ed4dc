"""What holds for every preset of NiN and for every network it is compared with."""

import re
from functools import cache

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nin.accounting import count_parameters, walk
from nin.errors import InputSizeError, UnknownNameError
from nin.models import (
    PRESETS,
    RIVALS,
    VGG,
    VGG11,
    AlexNet,
    DenseNet,
    GoogLeNet,
    LeNet,
    NiN,
    ResNet18,
    Stage,
    named_net,
)
from nin.models.geometry import flow, leaves, smallest_sides, smallest_size

# Published sizes, and that of `deep`, in ignorance of the table in presets.py.
WEIGHTS = {
    "book": 1_992_166,
    "cifar10": 966_986,
    "cifar100": 984_356,
    "svhn": 1_986_026,
    "mnist": 349_674,
    "imagenet": 7_595_176,
    "deep": 989_130,
    "efficientnet-lite0": 4_652_008,
    "efficientnet-lite1": 5_416_680,
    "efficientnet-lite2": 6_092_072,
    "lenet": 61_706,
    "alexnet": 46_764_746,
    "vgg11": 128_806_154,
    "vgg11-quarter": 43_093_322,
    "googlenet": 5_977_530,
    "resnet18": 11_178_378,
    "densenet": 758_226,
}
#: Moving averages: two a channel of each batch normalisation.
AVERAGES = {
    "resnet18": 7_808,
    "densenet": 6_608,
    "deep": 3_200,
    "efficientnet-lite0": 42_016,
    "efficientnet-lite1": 53_664,
    "efficientnet-lite2": 58_096,
}
#: With a layer of each kind: enough for the other backends.
EACH_KIND = ("book", "lenet", "efficientnet-lite0", "densenet")
#: Without those that are efficientnet-lite0 with more of the same blocks: slow to build.
DIFFERENT = [name for name in WEIGHTS if name not in ("efficientnet-lite1", "efficientnet-lite2")]
HEAVY = ("alexnet", "vgg11", "vgg11-quarter")
SMALLEST = {"book": 67, "imagenet": 67, "lenet": 12, "alexnet": 67, "vgg11": 32, "mnist": 1}


def multiply_adds(net, shape):
    return sum(step.multiply_adds for step in walk(net, shape))


def trainable(net, shape):
    return sum(step.parameters for step in walk(net, shape))


def test_every_network_is_here():
    assert {*PRESETS, *RIVALS} == set(WEIGHTS)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.every_backend if name in EACH_KIND else ())
        for name in WEIGHTS
    ],
)
def test_number_of_weights_is_known_without_building(name):
    model, shape = named_net(name)
    steps = walk(model, shape)
    assert sum(step.parameters for step in steps) == WEIGHTS[name]
    assert sum(step.non_trainable for step in steps) == AVERAGES.get(name, 0)
    assert count_parameters(model.net, shape) == WEIGHTS[name] + AVERAGES.get(name, 0)
    assert not model.built
    assert not any(layer.built for layer in leaves(model.net) if layer.weights)
    assert (PRESETS.get(name) or RIVALS[name]).parameters == WEIGHTS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in DIFFERENT if name not in HEAVY])
def test_built_network_has_the_published_number_of_weights(name):
    model, shape = named_net(name)
    model.build((None, *shape))
    assert model.count_params() == WEIGHTS[name] + AVERAGES.get(name, 0)
    assert sum(np.prod(weight.shape) for weight in model.trainable_weights) == WEIGHTS[name]


def smallest_shape(model, shape):
    side = max(smallest_size(model.net), 12)
    return (side + 5, side, shape[2])


@pytest.mark.slow
@pytest.mark.parametrize("name", DIFFERENT)
def test_each_counted_layer_is_as_built(name, twin):
    model, shape = twin(name)
    shape = smallest_shape(model, shape)
    steps = walk(model.net, shape)
    model.build((None, *shape))
    met = []

    def visit(layer, x):
        x = layer(x)
        met.append((layer, tuple(x.shape)))
        return x

    flow(model.net, keras.ops.zeros((1, *shape)), visit)
    for step, (layer, output_shape) in zip(steps, met, strict=True):
        assert output_shape == (1, *step.output_shape)
        assert step.parameters + step.non_trainable == layer.count_params()
        assert step.layer.startswith(type(layer).__name__)


@pytest.mark.parametrize(
    ("make", "shape", "weights", "millions"),
    [
        (NiN, (224, 224, 1), 1_992_166, "762.3"),
        (LeNet, (28, 28, 1), 61_706, "0.42"),
        (LeNet, (224, 224, 1), 5_612_426, "41.1"),
        (AlexNet, (224, 224, 1), 46_764_746, "938"),
        (VGG, (224, 224, 1), 128_806_154, "7547"),
        (lambda: named_net("vgg11-quarter")[0], (224, 224, 1), 43_093_322, "512"),
        (GoogLeNet, (224, 224, 1), 5_977_530, "1503"),
        (ResNet18, (224, 224, 1), 11_178_378, "1735"),
        (DenseNet, (224, 224, 1), 758_226, "703"),
    ],
)
def test_multiply_adds(make, shape, weights, millions):
    net = make().net
    decimals = len(millions.partition(".")[2])
    assert f"{multiply_adds(net, shape) / 1e6:.{decimals}f}" == millions
    assert trainable(net, shape) == weights


BOOK = PRESETS["book"].stages


def with_ones(ones, window=1):
    """NiN of the book with another number or size of the 1×1 convolutions in each block."""
    widths = [(stage.widths[0],) * (1 + ones) for stage in BOOK]
    stages = zip(BOOK, widths, strict=True)
    return NiN(stages=[stage._replace(widths=w, window=window) for stage, w in stages])


@pytest.mark.parametrize(
    ("ones", "window", "weights", "millions"),
    [
        (1, 1, 1_769_112, 670),
        (2, 1, 1_992_166, 762),
        (3, 1, 2_215_220, 855),
        (2, 3, 5_549_094, 2241),
    ],
)
def test_variants_of_nin(ones, window, weights, millions):
    net = with_ones(ones, window)
    assert count_parameters(net, (224, 224, 1)) == weights
    assert round(multiply_adds(net, (224, 224, 1)) / 1e6) == millions


@pytest.mark.parametrize(
    ("head", "weights", "total"), [((), 96_010, 2_053_386), ((4096, 4096), 56_147_978, 58_105_354)]
)
def test_dense_ends_of_nin(head, weights, total):
    assert count_parameters(NiN(head=head), (224, 224, 1)) == total
    assert total == 30_336 + 746_240 + 1_180_800 + weights


def test_last_block_without_its_last_relu():
    *others, last = BOOK
    model = NiN(stages=[*others, last._replace(last_relu=False)])
    steps, published = walk(model, (224, 224, 1)), walk(NiN(), (224, 224, 1))
    assert len(steps) == len(published) - 1
    assert sum(step.parameters for step in steps) == 1_992_166
    assert [step.layer for step in steps[-3:]] == [
        "Conv2D 1x1",
        "GlobalAveragePooling2D",
        "Flatten",
    ]


def test_weights_of_each_block_of_the_book():
    blocks = [block for block in NiN().net.layers if isinstance(block, keras.Sequential)]
    inputs = [(224, 224, 1), (26, 26, 96), (12, 12, 256), (5, 5, 384)]
    counted = [count_parameters(*pair) for pair in zip(blocks, inputs, strict=True)]
    assert counted == [30_336, 746_240, 1_180_800, 34_790]


@pytest.mark.slow
@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize(("classes", "channels"), [(2, 3), (1000, 1)])
def test_any_number_of_classes_and_channels_by_shape(name, classes, channels):
    model, (height, width, _) = named_net(name, classes)
    assert walk(model.net, (height, width, channels))[-1].output_shape == (classes,)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in DIFFERENT if name not in HEAVY])
def test_logits_of_another_number_of_classes_and_channels_than_published(name, twin, images):
    model, shape = twin(name, num_classes=5)
    height, width, published = smallest_shape(model, shape)
    logits = model(images(2, (height, width, {1: 3, 3: 1}[published])))
    assert logits.shape == (2, 5)
    assert np.isfinite(keras.ops.convert_to_numpy(logits)).all()


@pytest.mark.parametrize("name", ["alexnet", "vgg11"])
def test_logits_of_the_heavy_networks(name, twin, images):
    model, _ = twin(name, num_classes=3)
    side = smallest_size(model.net)
    logits = keras.ops.convert_to_numpy(model(images(2, (side, side, 3))))
    assert logits.shape == (2, 3)
    assert np.isfinite(logits).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in DIFFERENT if name in PRESETS])
def test_one_set_of_weights_takes_any_image_size(name, twin, images):
    model, shape = twin(name)
    model.build((None, *shape))
    assert model.net.input_shape == (None, None, None, shape[2])
    before = model.count_params()
    for size in ((67, 67), (70, 91)):
        assert model(images(1, (*size, shape[2]))).shape == (1, 3)
    assert model.count_params() == before


def test_a_dense_network_is_built_for_the_size_it_is_given(images):
    model = LeNet()
    model.build((None, 40, 36, 3))
    assert model.count_params() == count_parameters(model.net, (40, 36, 3)) != WEIGHTS["lenet"]
    assert model(images(1, (40, 36, 3))).shape == (1, 10)


@pytest.mark.parametrize("name", [name for name in SMALLEST if SMALLEST[name] > 1])
@pytest.mark.parametrize(
    "narrow", ["height", "width", pytest.param("both", marks=pytest.mark.every_backend)]
)
def test_too_small_an_image_is_refused_with_the_smallest_size(name, narrow, twin):
    model, shape = twin(name)
    smallest = SMALLEST[name]
    height = smallest - 1 if narrow in ("height", "both") else smallest + 40
    width = smallest - 1 if narrow in ("width", "both") else smallest + 40
    message = f"{type(model).__name__} cannot take images of {height}x{width}"
    message += f": the smallest that works is {smallest}x{smallest}"
    with pytest.raises(InputSizeError, match=f"^{re.escape(message)}$"):
        model.build((None, height, width, shape[2]))
    assert not model.built
    with pytest.raises(InputSizeError):
        model(np.zeros((1, height, width, shape[2]), np.uint8))
    model.check_size((smallest, smallest, shape[2]))


def test_a_built_network_refuses_too_small_an_image(twin):
    model, _ = twin("book")
    model.build((None, 80, 80, 1))
    with pytest.raises(InputSizeError, match="67x67"):
        model(np.zeros((1, 66, 80, 1), np.uint8))
    with pytest.raises(InputSizeError, match="67x67"):
        model.predict(np.zeros((1, 80, 66, 1), np.uint8), verbose=0)


@pytest.mark.every_backend
def test_what_counts_is_the_size_after_resizing(twin):
    model, _ = twin("book")
    model.preprocessing.configure(size=(67, 67))
    model.build((None, 9, 9, 1))
    assert model.built
    other, _ = twin("book")
    other.preprocessing.configure(size=(66, 67))
    with pytest.raises(InputSizeError, match="66x67"):
        other.build((None, 224, 224, 1))


@pytest.mark.slow
@pytest.mark.parametrize("name", DIFFERENT)
def test_the_smallest_size_works(name, twin, images):
    model, shape = twin(name)
    side = smallest_size(model.net)
    assert model(images(1, (side, side, shape[2]))).shape == (1, 3)


#: To walk through a network does not change it.
unbuilt = cache(named_net)


@pytest.mark.slow
@given(name=st.sampled_from(sorted(WEIGHTS)), height=st.integers(1, 99), width=st.integers(1, 99))
def test_refused_exactly_where_keras_finds_nothing_left(name, height, width):
    model, shape = unbuilt(name)
    try:
        walk(model.net, (height, width, shape[2]))
    except ValueError:
        with pytest.raises(InputSizeError):
            model.check_size((height, width, shape[2]))
    else:
        model.check_size((height, width, shape[2]))


padding = st.sampled_from(["valid", "same"])
convolutions = st.tuples(
    st.just(keras.layers.Conv2D), st.integers(1, 7), st.integers(1, 3), padding
)
poolings = st.tuples(
    st.sampled_from([keras.layers.MaxPooling2D, keras.layers.AveragePooling2D]),
    st.integers(1, 4),
    st.integers(1, 4),
    padding,
)


def spatial(kind, window, strides, padding):
    if kind is keras.layers.Conv2D:
        return kind(1, window, strides=strides, padding=padding)
    return kind(window, strides=strides, padding=padding)


@given(drawn=st.lists(convolutions | poolings, min_size=1, max_size=4))
def test_smallest_size_is_where_shapes_begin_to_work(drawn):
    layers = [spatial(*layer) for layer in drawn]
    net = keras.Sequential([keras.Sequential(layers), keras.layers.GlobalAveragePooling2D()])
    smallest = smallest_size(net)
    assert walk(net, (smallest, smallest, 1))[-1].output_shape == (1,)
    if smallest > 1:
        with pytest.raises(ValueError, match="negative"):
            walk(net, (smallest - 1, smallest - 1, 1))


@pytest.mark.parametrize(
    ("layers", "sides"),
    [
        ([keras.layers.ZeroPadding2D(3), keras.layers.Conv2D(1, 7)], (1, 1)),
        ([keras.layers.Resizing(32, 32), keras.layers.Conv2D(1, 11)], (1, 1)),
        ([keras.layers.UpSampling2D(4), keras.layers.Conv2D(1, 4)], (1, 1)),
        ([keras.layers.Conv2D(1, (1, 7)), keras.layers.Conv2D(1, (7, 1))], (7, 7)),
        ([keras.layers.Conv2D(1, (1, 5))], (1, 5)),
        ([keras.layers.Conv2D(1, 3, dilation_rate=4)], (9, 9)),
    ],
)
def test_smallest_sides_of_windows_that_are_no_squares_and_of_what_enlarges(layers, sides):
    net = keras.Sequential([*layers, keras.layers.GlobalAveragePooling2D()])
    assert smallest_sides(net) == sides
    assert walk(net, (*sides, 1))[-1].output_shape == (1,)


def test_a_function_or_a_graph_may_enlarge_the_image():
    image = keras.Input((None, None, 1))
    graph = keras.Model(image, keras.layers.Resizing(32, 32)(image))
    function = keras.layers.Lambda(lambda images: keras.ops.image.resize(images, (32, 32)))
    for first in (graph, function):
        assert smallest_sides(keras.Sequential([first, keras.layers.Conv2D(1, 11)])) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"preset": "efficientnet-lite0", "pooling": "median"}, "not 'median'"),
        ({"stages": [Stage(32, 3), Stage((0,), 3)]}, "the widths of a stage are a tuple"),
    ],
)
def test_tables_that_cannot_be(arguments, said):
    with pytest.raises(ValueError, match=said):
        NiN(**arguments)


@pytest.mark.every_backend
@pytest.mark.parametrize("shape", [(2, 28, 28), (28, 28, 1)])
def test_images_of_another_rank_are_one_line(shape):
    with pytest.raises(InputSizeError, match=r"images must be \(n, height, width, channels\)"):
        LeNet()(np.zeros(shape, np.uint8))


def test_presets_begin_with_their_published_classes():
    assert NiN.from_preset("cifar100").num_classes == 100
    assert NiN.from_preset("imagenet", width=0.1).num_classes == 1000
    assert NiN.from_preset("cifar100", num_classes=5).num_classes == 5
    assert named_net("cifar100")[0].num_classes == 100
    assert named_net("vgg11", 4)[0].num_classes == 4
    assert named_net("vgg11")[0].arch == VGG11


@pytest.mark.parametrize("make", [named_net, NiN.from_preset, lambda name: NiN(preset=name)])
def test_unknown_name_is_refused_with_the_nearest(make):
    with pytest.raises(UnknownNameError, match=r"'ciphar10': did you mean 'cifar10'\?"):
        make("ciphar10")


@pytest.mark.parametrize(
    "arguments",
    [{"num_classes": 1}, {"num_classes": -4}, {"width": 0}, {"width": -1.0}, {"depth": 0}],
)
def test_impossible_networks_are_refused(arguments):
    with pytest.raises(ValueError, match="num_classes >= 2, width > 0 and depth >= 1"):
        NiN(**arguments)


def channels(model):
    return [layer.filters for layer in leaves(model.net) if hasattr(layer, "filters")]


def test_width_scales_all_but_the_class_maps():
    half = NiN(width=0.5, num_classes=7)
    assert channels(half) == [48] * 3 + [128] * 3 + [192] * 3 + [7] * 3
    thin = NiN(width=1e-9, preset="svhn")
    assert channels(thin) == [1] * 8 + [10]


@pytest.mark.parametrize(("share", "rate"), [(None, 0.5), (0.0, 0), (0.2, 0.2)])
def test_dropout_stands_where_the_preset_has_it(share, rate):
    net = NiN(preset="cifar10", dropout=share).net
    assert [layer.rate for layer in net.layers if hasattr(layer, "rate")] == [rate, rate]
    kinds = [type(layer).__name__ for layer in net.layers]
    block = ["Sequential", "MaxPooling2D", "Dropout"]
    assert kinds == [*block, *block, "Sequential", "GlobalAveragePooling2D", "Flatten"]
