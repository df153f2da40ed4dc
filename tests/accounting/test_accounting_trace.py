"""The trace: a model of the usual layers is counted as Keras builds it, and left unchanged."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers, ops

from nin.accounting import count_parameters, walk
from nin.errors import InputSizeError, NinError
from nin.models import Classifier, LeNet, NiN, Preprocessing
from nin.models.blocks import Branches

SHAPE = (12, 10, 4)
KINDS = {
    "groups": lambda: layers.Conv2D(8, (3, 5), groups=2, use_bias=False),
    "dilated": lambda: layers.Conv2D(6, 3, dilation_rate=2),
    "strided": lambda: layers.Conv2D(6, 3, strides=2, padding="same"),
    "pointwise": lambda: layers.Conv2D(6, 1),
    "depthwise": lambda: layers.DepthwiseConv2D(3, depth_multiplier=2),
    "depthwise without bias": lambda: layers.DepthwiseConv2D((1, 3), use_bias=False),
    "separable": lambda: layers.SeparableConv2D(5, 3, depth_multiplier=3),
    "separable without bias": lambda: layers.SeparableConv2D(5, 3, use_bias=False),
    "transposed": lambda: layers.Conv2DTranspose(5, 3, strides=2),
    "dense": lambda: layers.Dense(7),
    "dense without bias": lambda: layers.Dense(7, use_bias=False),
    "batch": lambda: layers.BatchNormalization(),
    "batch without scale": lambda: layers.BatchNormalization(scale=False),
    "batch without either": lambda: layers.BatchNormalization(scale=False, center=False),
    "batch renormalised": lambda: layers.BatchNormalization(renorm=True),
    "layer": lambda: layers.LayerNormalization(),
    "layer over all": lambda: layers.LayerNormalization(axis=[1, 2, 3], center=False),
    "group": lambda: layers.GroupNormalization(2, scale=False),
    "from data": lambda: layers.Normalization(),
    "given": lambda: layers.Normalization(mean=0.5, variance=0.1),
    "prelu": lambda: layers.PReLU(),
    "prelu of channels": lambda: layers.PReLU(shared_axes=[1, 2]),
    "leaky": lambda: layers.LeakyReLU(),
    "elu": lambda: layers.ELU(),
    "relu": lambda: layers.ReLU(),
    "softmax": lambda: layers.Softmax(),
    "activation": lambda: layers.Activation("gelu"),
    "max": lambda: layers.MaxPooling2D(3, 2, padding="same"),
    "average": lambda: layers.AveragePooling2D(2),
    "global average": lambda: layers.GlobalAveragePooling2D(),
    "global max": lambda: layers.GlobalMaxPooling2D(keepdims=True),
    "flatten": lambda: layers.Flatten(),
    "reshape": lambda: layers.Reshape((12, 5, -1)),
    "permute": lambda: layers.Permute((2, 1, 3)),
    "dropout": lambda: layers.Dropout(0.5),
    "dropout of maps": lambda: layers.SpatialDropout2D(0.5),
    "noise": lambda: layers.GaussianNoise(0.5),
    "noisy dropout": lambda: layers.GaussianDropout(0.5),
    "alpha": lambda: layers.AlphaDropout(0.5),
    "identity": lambda: layers.Identity(),
    "padding": lambda: layers.ZeroPadding2D(((1, 2), (3, 4))),
    "cropping": lambda: layers.Cropping2D(1),
    "upsampling": lambda: layers.UpSampling2D((2, 3)),
    "resizing": lambda: layers.Resizing(7, 9),
    "rescaling": lambda: layers.Rescaling(2.0, offset=1.0),
    "preprocessing": lambda: Preprocessing((6, 7)),
}


@pytest.mark.every_backend
@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_counted_as_it_is_built(name):
    layer = KINDS[name]()
    steps = walk(layer, SHAPE)
    assert not layer.built or not layer.weights
    assert tuple(layer(np.zeros((1, *SHAPE), "float32")).shape[1:]) == steps[-1].output_shape
    assert count_parameters(layer, SHAPE) == layer.count_params()
    trainable = sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)
    assert sum(step.parameters for step in steps) == trainable


def test_groups_that_do_not_divide_the_channels():
    net = keras.Sequential([layers.Conv2D(30, 3), layers.Conv2D(32, 3, groups=4)])
    with pytest.raises(ValueError, match="30 channels cannot be divided into 4 groups"):
        walk(net, (8, 8, 3))


def test_what_a_step_says():
    net = keras.Sequential([layers.Conv2D(8, (3, 5), groups=2, use_bias=False, strides=(1, 2))])
    net.add(layers.Flatten())
    net.add(layers.Dense(2, use_bias=False))
    convolution, flatten, dense = walk(net, (6, 7, 4))
    assert convolution._asdict() == {
        "layer": "Conv2D 3x5",
        "output_shape": (4, 2, 8),
        "parameters": 3 * 5 * 2 * 8,
        "multiply_adds": 4 * 2 * 3 * 5 * 2 * 8,
        "kind": "spatial",
        "inputs": (-1,),
        "non_trainable": 0,
        "window": (3, 5),
        "strides": (1, 2),
        "enlarges": (1, 1),
    }
    assert (flatten.kind, flatten.inputs) == ("view", (0,))
    assert dense[:6] == ("Dense", (2,), 128, 128, "dense", (1,))


@pytest.mark.parametrize(
    ("layer", "multiply_adds"),
    [
        (layers.DepthwiseConv2D(3, depth_multiplier=2), 10 * 8 * 9 * 4 * 2),
        (layers.SeparableConv2D(5, 3), 10 * 8 * (9 * 4 + 4 * 5)),
        (layers.Conv2DTranspose(5, 3, strides=2), 12 * 10 * 9 * 4 * 5),
        (layers.Dense(7), 12 * 10 * 4 * 7),
        (layers.BatchNormalization(), 0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_multiply_adds_by_hand(layer, multiply_adds):
    assert sum(step.multiply_adds for step in walk(layer, SHAPE)) == multiply_adds


def test_a_separable_convolution_is_two():
    first, second = walk(layers.SeparableConv2D(5, 3, depth_multiplier=2), SHAPE)
    assert (first.layer, first.kind, first.output_shape) == (
        "SeparableConv2D 3x3",
        "spatial",
        (10, 8, 8),
    )
    assert (second.layer, second.kind, second.inputs) == ("SeparableConv2D 1x1", "pointwise", (0,))
    assert (first.parameters, second.parameters) == (9 * 8, 8 * 5 + 5)


def residual(inputs):
    """Branches, several consumers, nested models and a layer that is used twice."""
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    head = keras.Sequential([layers.GlobalAveragePooling2D(), layers.Dense(3)], name="head")
    inner_in = keras.Input((None, None, 4))
    inner = keras.Model(inner_in, layers.Add()([layers.Conv2D(4, 1)(inner_in), inner_in]))
    x = shared(inputs)
    y = layers.BatchNormalization()(shared(x))
    z = inner(layers.Add()([x, y]))
    return head(layers.Concatenate()([z, x]))


def functional(shape=SHAPE):
    inputs = keras.Input(shape)
    return keras.Model(inputs, residual(inputs))


@pytest.mark.every_backend
def test_a_graph_is_counted_in_the_order_in_which_it_runs():
    steps = walk(functional(), SHAPE)
    told = [(step.layer, step.inputs, step.parameters) for step in steps]
    assert told == [
        ("Conv2D 3x3", (-1,), 148),
        ("Conv2D 3x3", (0,), 0),
        ("BatchNormalization", (1,), 8),
        ("Add", (0, 2), 0),
        ("Conv2D 1x1", (3,), 20),
        ("Add", (4, 3), 0),
        ("Concatenate", (5, 0), 0),
        ("GlobalAveragePooling2D", (6,), 0),
        ("Dense", (7,), 27),
    ]
    assert steps[0].multiply_adds == steps[1].multiply_adds == 120 * 144
    assert count_parameters(functional(), SHAPE) == functional().count_params()


@pytest.mark.every_backend
def test_a_graph_is_as_it_was_after_being_counted():
    model = functional()

    def state():
        nodes = [len(layer._inbound_nodes) for layer in model.layers]
        return nodes, [layer.output for layer in model.layers if len(layer._inbound_nodes) == 1]

    before, x = state(), np.ones((1, *SHAPE), "float32")
    outputs = keras.ops.convert_to_numpy(model(x))
    walk(model, SHAPE)
    after = state()
    assert before[0] == after[0]
    assert all(one is other for one, other in zip(before[1], after[1], strict=True))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model(x)), outputs)


def test_a_graph_of_open_size_is_counted_at_any():
    small, large = (walk(functional((None, None, 4)), (side, side, 4)) for side in (8, 16))
    assert [step.parameters for step in small] == [step.parameters for step in large]
    assert 4 * small[0].multiply_adds == large[0].multiply_adds


@pytest.mark.every_backend
def test_operations_that_are_no_layers():
    inputs = keras.Input((4, 4, 3))
    x = ops.relu(inputs + 3.0) * (1 / 6)
    x = layers.Conv2D(6, 1)(ops.concatenate([x, inputs], axis=-1))
    x = ops.add(ops.sigmoid(x), x)
    model = keras.Model(inputs, ops.reshape(x, (-1, 96)))
    steps = walk(model, (4, 4, 3))
    assert [(step.layer, step.kind, step.inputs) for step in steps] == [
        ("Add", "elementwise", (-1,)),
        ("Relu", "elementwise", (0,)),
        ("Multiply", "elementwise", (1,)),
        ("Concatenate", "join", (2, -1)),
        ("Conv2D 1x1", "pointwise", (3,)),
        ("Sigmoid", "elementwise", (4,)),
        ("Add", "join", (5, 4)),
        ("Reshape", "view", (6,)),
    ]
    assert steps[-1].output_shape == (96,)
    assert count_parameters(model, (4, 4, 3)) == model.count_params()


def frozen_layer(net):
    net.layers[0].trainable = False


def frozen_model(net):
    net.trainable = False


def thawed_layer(net):
    net.trainable = False
    net.layers[0].trainable = True


def counted(net, shape=SHAPE):
    steps = walk(net, shape)
    return sum(step.parameters for step in steps), sum(step.non_trainable for step in steps)


def built_counts(net):
    return tuple(
        sum(int(np.prod(weight.shape)) for weight in weights)
        for weights in (net.trainable_weights, net.non_trainable_weights)
    )


@pytest.mark.parametrize("freeze", [frozen_layer, frozen_model, thawed_layer])
def test_what_is_frozen_is_not_trainable(freeze):
    net = keras.Sequential(
        [layers.Conv2D(3, 3), layers.BatchNormalization(), keras.Sequential([layers.Dense(2)])]
    )
    freeze(net)
    before = counted(net)
    net.build((None, *SHAPE))
    assert before == built_counts(net)


def test_frozen_as_a_whole_from_the_start():
    net = keras.Sequential([layers.Conv2D(3, 3)], trainable=False)
    block = Branches([layers.Conv2D(3, 1)], join=layers.Add(), trainable=False)
    for frozen in (net, block):
        before = counted(frozen)
        frozen.build((None, *SHAPE))
        assert before == built_counts(frozen)
        assert before[0] == 0 < before[1]


@pytest.mark.every_backend
def test_a_classifier_is_counted_at_the_size_it_resizes_to():
    model = LeNet()
    model.preprocessing.configure((28, 28))
    assert counted(model, (100, 90, 1)) == (61_706, 0)
    assert walk(model, (100, 90, 1)) == walk(LeNet().net, (28, 28, 1))
    with pytest.raises(InputSizeError, match="67x67"):
        walk(NiN(), (66, 67, 1))


class OwnDense(layers.Dense):
    pass


class OwnModel(keras.Model):
    def call(self, inputs):
        return inputs


class OwnChain(keras.Sequential):
    def call(self, inputs, training=None, mask=None):
        return inputs


class OwnForward(Classifier):
    def __init__(self):
        super().__init__()
        self.net = keras.Sequential([layers.Dense(2)])

    def forward(self, X):
        return X


def graph(function, shape=SHAPE):
    inputs = keras.Input(shape)
    return keras.Model(inputs, function(inputs))


def adapted():
    layer = layers.Dense(3)
    layer.build((None, 4))
    layer.enable_lora(2)
    return layer


UNCOUNTABLE = {
    "unknown": (lambda: layers.UnitNormalization(name="one_7"), r"UnitNormalization \(one_7\)"),
    "subclass": (lambda: OwnDense(3, name="mine"), r"OwnDense \(mine\)"),
    "model of its own": (OwnModel, "of kind OwnModel"),
    "chain of its own": (lambda: OwnChain([layers.Dense(2)]), "OwnChain .* code of its own"),
    "network of its own": (OwnForward, "OwnForward .* code of its own"),
    "channels first": (
        lambda: layers.Conv2D(3, 3, data_format="channels_first"),
        "its channels come first",
    ),
    "activation": (
        lambda: layers.Conv2D(3, 3, activation=layers.PReLU()),
        "its activation may have weights: add it as a layer of its own",
    ),
    "adapted": (adapted, "its weights are not those of its kind"),
    "operation": (
        lambda: graph(lambda x: ops.matmul(x, x), (None, None, 4)),
        "the operation Matmul",
    ),
    "mean": (lambda: graph(lambda x: ops.mean(x, (1, 2))), "the operation Mean .*: use a layer"),
    "inside": (
        lambda: keras.Sequential([Branches([layers.Lambda(abs)], join=layers.Add())]),
        "of kind Lambda",
    ),
    "outputs": (lambda: graph(lambda x: [layers.ReLU()(x), x]), "it has 2 outputs, not one"),
    "another shape": (lambda: graph(layers.ReLU(), (None, 9, 4)), "takes any×9×4, not 12×10×4"),
}


def test_an_activation_without_weights_may_be_a_layer():
    one, other = (layers.Conv2D(3, 3, activation=each) for each in (layers.LeakyReLU(), "relu"))
    (first,), (second,) = walk(one, SHAPE), walk(other, SHAPE)
    assert first.parameters == second.parameters


@pytest.mark.every_backend
@pytest.mark.parametrize("name", UNCOUNTABLE)
def test_what_cannot_be_counted_is_named(name):
    make, message = UNCOUNTABLE[name]
    model = make()
    with pytest.raises(NinError, match=message) as caught:
        walk(model, SHAPE)
    assert "\n" not in str(caught.value)


def test_a_model_of_several_inputs_is_named():
    first, second = keras.Input((4, 4, 1)), keras.Input((4, 4, 1))
    model = keras.Model([first, second], layers.Add()([first, second]), name="two")
    with pytest.raises(NinError, match=r"two takes 4×4×1 and 4×4×1, not 4×4×1$"):
        walk(model, (4, 4, 1))


#: Keras's own networks, and what their authors say: millions of multiply-adds for one image.
#: MobileNet (2017) table 8, MobileNetV2 (2018) table 4, EfficientNet (2019) table 2, Inception-v3
#: and Xception's counterpart in the Keras documentation; VGG-16 and ResNet-50 as usually cited.
APPLICATIONS = {
    "MobileNet": 569,
    "MobileNetV2": 300,
    "EfficientNetB0": 390,
    "VGG16": 15_470,
    "ResNet50": 3_860,
    "InceptionV3": 5_710,
    "NASNetMobile": 564,
    "DenseNet121": 2_834,
    "Xception": 8_360,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_networks_that_keras_brings_along(name):
    model = getattr(keras.applications, name)(weights=None)
    shape = tuple(model.input_shape[1:])
    assert counted(model, shape) == built_counts(model)
    assert sum(counted(model, shape)) == model.count_params()
    millions = sum(step.multiply_adds for step in walk(model, shape)) / 1e6
    assert millions == pytest.approx(APPLICATIONS[name], rel=0.015)


chained = st.lists(st.sampled_from(["conv", "norm", "relu", "pad", "pool", "dense"]), max_size=4)


def make(kind, channels):
    return {
        "conv": lambda: layers.Conv2D(channels, 3, padding="same"),
        "norm": layers.BatchNormalization,
        "relu": layers.ReLU,
        "pad": lambda: layers.ZeroPadding2D(1),
        "pool": lambda: layers.MaxPooling2D(2, padding="same"),
        "dense": lambda: layers.Dense(channels),
    }[kind]()


def by_hand(layer, input_shape, output_shape):
    """Multiply-adds from the shape of a built kernel."""
    if isinstance(layer, layers.Conv2D):
        return int(np.prod(layer.kernel.shape)) * int(np.prod(output_shape[1:3]))
    if isinstance(layer, layers.Dense):
        return int(np.prod(layer.kernel.shape)) * int(np.prod(input_shape[1:-1]))
    return 0


@pytest.mark.slow
@given(
    stem=chained,
    paths=st.lists(
        st.lists(st.sampled_from(["conv", "norm", "relu", "dense"]), max_size=3), max_size=3
    ),
    seed=st.integers(0, 9),
)
def test_any_graph_against_its_built_layers(stem, paths, seed):
    x = inputs = keras.Input((6, 5, 2))
    for number, kind in enumerate(stem):
        x = make(kind, 2 + (seed + number) % 3)(x)
    ends = []
    for path in paths:
        y = x
        for number, kind in enumerate(path):
            y = make(kind, 1 + (seed + number) % 4)(y)
        ends.append(y)
    model = keras.Model(inputs, layers.Concatenate()([x, *ends]) if ends else layers.Identity()(x))
    steps = walk(model, (6, 5, 2))
    assert counted(model, (6, 5, 2)) == built_counts(model)
    joins = (layers.Concatenate, layers.InputLayer)
    assert sum(step.multiply_adds for step in steps) == sum(
        by_hand(layer, layer.input.shape, layer.output.shape)
        for layer in model.layers
        if not isinstance(layer, joins)
    )
    assert all(place < here for here, step in enumerate(steps) for place in step.inputs)


@pytest.mark.parametrize("shape", [(12, 10, 4), (14, 10, 1)])
def test_a_built_chain_is_not_counted_for_another_shape(shape):
    chain = [keras.Input((12, 10, 1)), layers.Conv2D(3, 3), layers.Flatten(), layers.Dense(2)]
    net = keras.Sequential(chain)
    assert count_parameters(net, (12, 10, 1)) == net.count_params()
    with pytest.raises(NinError, match="takes another shape than"):
        walk(net, shape)
