"""What networks cost: by hand, against built layers, and against counts by other hands."""

import functools
import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from nin.accounting import walk
from nin.accounting.cost import count_cost
from nin.accounting.memory import peak_activations, training_activations
from nin.accounting.receptive_field import receptive_field
from nin.errors import InputSizeError, NinError
from nin.models import NETS, PRESETS, RIVALS, LeNet, NiN, class_and_arguments, named_net

MIB = 2**20


def test_the_network_of_the_book():
    cost = count_cost(NiN(), (224, 224, 1), batch_size=1)
    spatial = 11 * 11 * 96 + 5 * 5 * 96 * 256 + 3 * 3 * 256 * 384 + 3 * 3 * 384 * 10
    pointwise = 2 * (96 * 97 + 256 * 257 + 384 * 385 + 10 * 11)
    assert cost.parameters.model_dump() == {
        "spatial": spatial + 96 + 256 + 384 + 10,
        "pointwise": pointwise,
        "dense": 0,
        "normalisation": 0,
        "other": 0,
    }
    assert cost.parameters.total == 1_992_166
    assert cost.non_trainable == 0
    assert cost.multiply_adds == 762_297_352
    assert cost.weight_bytes == 4 * 1_992_166
    assert f"{cost.weight_bytes / MIB:.1f}" == "7.6"
    assert cost.optimizer_bytes == 2 * cost.weight_bytes
    kept = 3 * 54**2 * 96 + 26**2 * 96 + 3 * 26**2 * 256 + 12**2 * 256
    kept += 3 * 12**2 * 384 + 5**2 * 384 + 3 * 5**2 * 10 + 10
    assert cost.training_activation_bytes == 4 * kept
    assert f"{kept * 4 / MIB:.2f}" == "6.24"
    assert cost.prediction_activation_bytes == 4 * 2 * 54**2 * 96
    assert cost.receptive_field == (195, 195)


def test_the_kinds_of_a_network_with_everything():
    cost = count_cost(named_net("resnet18")[0], (224, 224, 1))
    pointwise = 64 * 128 + 128 + 128 * 256 + 256 + 256 * 512 + 512
    assert cost.parameters.pointwise == pointwise
    assert cost.parameters.dense == 5_130
    assert cost.parameters.normalisation == cost.non_trainable == 7_808
    assert cost.parameters.total == 11_178_378
    assert cost.weight_bytes == 4 * (11_178_378 + 7_808)
    assert cost.optimizer_bytes == 8 * 11_178_378
    assert count_cost(layers.PReLU(), (2, 3, 4)).parameters.other == 24


def test_no_images_are_a_mistake():
    with pytest.raises(NinError, match="one image or more, not 0"):
        count_cost(NiN(), (224, 224, 1), 0)
    with pytest.raises(InputSizeError, match="67x67"):
        count_cost(NiN(), (66, 66, 1))


def test_the_first_layer_takes_what_the_images_are_resized_to():
    model = LeNet()
    model.preprocessing.configure((28, 28))
    assert count_cost(model, (99, 98, 1)) == count_cost(LeNet(), (28, 28, 1))


_named_once = functools.cache(named_net)


@pytest.mark.slow
@given(
    name=st.sampled_from(sorted({*PRESETS, *RIVALS})),
    batch=st.integers(1, 10**6),
    more=st.integers(0, 40),
)
def test_memory_grows_with_the_batch_and_nothing_else_does(name, batch, more):
    model, (height, width, channels) = _named_once(name)
    shape = (height + more, width, channels)
    one, many = count_cost(model, shape, 1), count_cost(model, shape, batch)
    per_batch = {"training_activation_bytes", "prediction_activation_bytes"}
    for key, value in one.model_dump(exclude={"batch_size"}).items():
        expected = value * batch if key in per_batch else value
        assert many.model_dump()[key] == expected


#: From A. Araujo, W. Norris and J. Sim, Computing Receptive Fields (Distill, 2019); ResNet-18 and
#: the chapter's networks by hand.
FIELDS = {
    "MobileNet": 315,
    "MobileNetV2": 491,
    "ResNet50": 483,
    "InceptionV3": 1311,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FIELDS)
def test_published_receptive_fields(name):
    model = getattr(keras.applications, name)(weights=None)
    assert receptive_field(walk(model, model.input_shape[1:])) == (FIELDS[name],) * 2


def test_published_receptive_field_of_convolutions_alone():
    model = keras.applications.VGG16(weights=None, include_top=False)
    assert receptive_field(walk(model, (224, 224, 3))) == (212, 212)


@pytest.mark.parametrize(
    ("name", "side"),
    [("resnet18", 435), ("lenet", None), ("alexnet", None), ("vgg11", None), ("cifar10", 27)],
)
def test_receptive_fields_of_named_networks(name, side):
    field = count_cost(*named_net(name)).receptive_field
    assert field == (None if side is None else (side, side))


def field(*chain):
    return receptive_field(walk(keras.Sequential([*chain]), (32, 32, 4)))


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ([layers.Conv2D(2, (3, 5))], (3, 5)),
        ([layers.Conv2D(2, 3, dilation_rate=(2, 3))], (5, 7)),
        ([layers.DepthwiseConv2D(3, dilation_rate=2), layers.Conv2D(2, 3)], (7, 7)),
        ([layers.SeparableConv2D(2, 5), layers.Conv2D(2, 3, strides=2)], (7, 7)),
        ([layers.MaxPooling2D(3, 2), layers.BatchNormalization(), layers.Conv2D(2, 3)], (7, 7)),
        ([layers.ZeroPadding2D(), layers.Cropping2D(), layers.Conv2D(1, 3)], (3, 3)),
        ([layers.MaxPooling2D(2), layers.UpSampling2D(2), layers.Conv2D(1, 3)], (4, 4)),
        ([layers.MaxPooling2D(2), layers.Resizing(32, 32), layers.Conv2D(1, 1)], (4, 4)),
        ([layers.MaxPooling2D(2), layers.Conv2DTranspose(1, 4, 2), layers.Conv2D(1, 3)], (6, 6)),
        ([layers.Conv2D(2, 3), layers.Reshape((30, 30, 2, 1))], (3, 3)),
        ([layers.Conv2D(2, 3), layers.Reshape((900, 2)), layers.Dense(1)], None),
        ([layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1)], None),
        ([layers.Conv2D(2, 3), layers.GlobalMaxPooling2D(), layers.Dense(2)], (3, 3)),
        (
            [layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(keepdims=True), layers.Flatten()],
            (3, 3),
        ),
        (
            [layers.GlobalAveragePooling2D(), layers.Dense(8), layers.ReLU(), layers.Dense(2)],
            None,
        ),
        ([layers.Dense(2), layers.Dense(2)], (1, 1)),
    ],
)
def test_receptive_fields_by_hand(chain, expected):
    assert field(*chain) == expected


def test_gates_see_the_whole_image():
    inputs = keras.Input((8, 8, 4))
    gates = layers.GlobalAveragePooling2D(keepdims=True)(inputs)
    gates = layers.Conv2D(4, 1, activation="sigmoid")(gates)
    gated = layers.Multiply()([inputs, gates])
    assert receptive_field(walk(keras.Model(inputs, gated), (8, 8, 4))) is None


windows = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3))


def column(side, stride, dilation):
    """A layer of one column; Keras has no convolution that is both strided and dilated."""
    if stride > 1:
        return layers.MaxPooling2D((side, 1), (stride, 1))
    ones = {"kernel_initializer": "ones", "bias_initializer": "zeros"}
    return layers.Conv2D(1, (side, 1), dilation_rate=(dilation, 1), **ones)


@settings(max_examples=25)
@given(st.lists(windows, min_size=1, max_size=4))
def test_a_cell_changes_with_the_pixels_of_its_receptive_field(drawn):
    net = keras.Sequential([column(*window) for window in drawn])
    height = next(side for side in range(1, 400) if fits(net, side))
    assert receptive_field(walk(net, (height + 3, 1, 1))) == (height, 1)
    one_pixel_each = np.eye(height + 3, dtype="float32")[:, :, None, None]
    outputs = keras.ops.convert_to_numpy(net(one_pixel_each))[:, 0, 0, 0]
    seen = np.flatnonzero(outputs)
    assert (seen.min(), seen.max()) == (0, height - 1)


def fits(net, side):
    try:
        return bool(walk(net, (side, 1, 1)))
    except ValueError:
        return False


KINDS = ("conv", "norm", "relu", "flat", "pool", "drop")


def make(kind):
    return {
        "conv": lambda: layers.Conv2D(3, 3, padding="same"),
        "norm": layers.BatchNormalization,
        "relu": layers.ReLU,
        "flat": layers.Identity,
        "pool": lambda: layers.MaxPooling2D(2, padding="same"),
        "drop": lambda: layers.Dropout(0.1),
    }[kind]()


def grown(plan):
    """A model in which each layer takes the output of any before it, and all ends are joined."""
    made, ends = [keras.Input((4, 4, 2))], {0}
    for number, (kind, seed) in enumerate(plan, 1):
        taken = seed % number
        made.append(make(kind)(made[taken]))
        ends = (ends - {taken}) | {number}
    loose = [layers.Flatten()(made[number]) for number in sorted(ends)]
    return keras.Model(made[0], layers.Concatenate()(loose) if len(loose) > 1 else loose[0])


plans = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 99)), min_size=1, max_size=8)


def elements(trace, place):
    return math.prod(trace[place].output_shape) if place >= 0 else 4 * 4 * 2


def lasting(trace, reads):
    """Peak by simulation: after each step, drop every buffer that no later step can reach."""
    lies_in, most, alive = {-1: -1}, 32, {-1}
    for now, step in enumerate(trace):
        shares = step.kind == "view" or (step.kind == "elementwise" and not reads(step.inputs[0]))
        lies_in[now] = lies_in[step.inputs[0]] if shares else now
        alive.add(lies_in[now])
        most = max(most, sum(elements(trace, place) for place in alive))
        needed = {place for later in trace[now + 1 :] for place in later.inputs if place <= now}
        alive = {lies_in[place] for place in needed | ({now} if now == len(trace) - 1 else set())}
    return most, sum(elements(trace, place) for place in {*lies_in.values()} - {-1})


@pytest.mark.slow
@settings(max_examples=60)
@given(plans)
def test_liveness_of_any_graph(plan):
    trace = walk(grown(plan), (4, 4, 2))
    highest = peak_activations(trace, (4, 4, 2))

    def family(place):
        while place >= 0 and trace[place].kind == "view":
            (place,) = trace[place].inputs
        return place

    readers = [family(place) for step in trace if step.kind != "view" for place in step.inputs]
    expected = lasting(trace, lambda place: family(place) < 0 or readers.count(family(place)) > 1)
    assert (highest, training_activations(trace)) == expected
    assert highest <= 32 + training_activations(trace)
    new = [step for step in trace if step.kind not in ("view", "elementwise")]
    for step in new:
        at_once = math.prod(step.output_shape)
        assert highest >= at_once + max(elements(trace, place) for place in step.inputs)
    assert training_activations(trace) >= sum(math.prod(step.output_shape) for step in new)


def test_what_is_needed_later_is_not_written_over():
    inputs = keras.Input((4, 4, 2))
    x = layers.Conv2D(3, 1)(inputs)
    y = layers.ReLU()(x)
    joined = layers.Add()([x, y])
    trace = walk(keras.Model(inputs, joined), (4, 4, 2))
    assert training_activations(trace) == 3 * 48
    chain = walk(keras.Sequential([layers.Conv2D(3, 1), layers.ReLU()]), (4, 4, 2))
    assert training_activations(chain) == 48
    assert peak_activations(chain, (4, 4, 2)) == 32 + 48
    first = walk(keras.Sequential([layers.ReLU(), layers.Flatten()]), (4, 4, 2))
    assert (training_activations(first), peak_activations(first, (4, 4, 2))) == (32, 64)


def test_a_short_cut_keeps_its_input_alive():
    """The widest moment of ResNet-18: the stem, before and after its normalisation."""
    cost = count_cost(*named_net("resnet18"), batch_size=2)
    assert cost.prediction_activation_bytes == 2 * 4 * 2 * 112 * 112 * 64


SMALL = {
    "book": (67, 70, 1),
    "cifar10": (17, 16, 3),
    "lenet": (28, 28, 1),
    "alexnet": (67, 67, 1),
    "vgg11-quarter": (32, 40, 3),
    "googlenet": (40, 33, 1),
    "resnet18": (33, 40, 1),
    "densenet": (33, 40, 3),
}


@pytest.mark.every_backend
@pytest.mark.parametrize("name", SMALL)
def test_multiply_adds_as_pytorch_counts_them(name):
    if keras.backend.backend() != "torch":
        pytest.skip("PyTorch counts its own operations")
    from torch.utils.flop_counter import FlopCounterMode

    model, _ = named_net(name)
    model.build((None, *SMALL[name]))
    x = keras.ops.zeros((1, *SMALL[name]))
    with FlopCounterMode(display=False) as counter:
        model.net(x)
    assert counter.get_total_flops() == 2 * count_cost(model, SMALL[name]).multiply_adds


@pytest.mark.every_backend
@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(6, (3, 2), strides=2, groups=2, padding="same"),
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.SeparableConv2D(5, 3),
        layers.Dense(5),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_multiply_adds_of_layers_as_pytorch_counts_them(layer):
    if keras.backend.backend() != "torch":
        pytest.skip("PyTorch counts its own operations")
    from torch.utils.flop_counter import FlopCounterMode

    layer.build((1, 9, 8, 4))
    with FlopCounterMode(display=False) as counter:
        layer(keras.ops.zeros((1, 9, 8, 4)))
    assert counter.get_total_flops() == 2 * count_cost(layer, (9, 8, 4)).multiply_adds


@pytest.mark.every_backend
def test_multiply_adds_as_xla_counts_them():
    """XLA counts two a multiply-add, and one for each addition of a bias and each comparison."""
    if keras.backend.backend() != "jax":
        pytest.skip("XLA counts for JAX")
    import jax

    net = keras.Sequential(
        [
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.MaxPooling2D(3, 2),
            layers.Conv2D(12, 3),
            layers.Conv2D(16, 1, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    net.build((None, 40, 36, 3))
    x = np.zeros((1, 40, 36, 3), "float32")
    counted = jax.jit(lambda x: net(x)).lower(x).cost_analysis()["flops"]
    steps = walk(net, (40, 36, 3))
    elementwise = sum(3 * math.prod(step.output_shape) for step in steps if step.kind != "pooling")
    pooled = sum(9 * math.prod(step.output_shape) for step in steps if step.kind == "pooling")
    exact = 2 * sum(step.multiply_adds for step in steps)
    assert exact <= counted <= exact + elementwise + pooled
    assert elementwise + pooled < exact / 20


def test_every_family_is_compared():
    assert {NETS[class_and_arguments(name)[0]] for name in SMALL} == {*NETS.values()}
