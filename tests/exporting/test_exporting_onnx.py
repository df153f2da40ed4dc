"""The ONNX graph of every network predicts as the network, whatever images it is handed."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import nullcontext

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from custom_networks import write_nets
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import nin
from nin.data.decoding.decode import fitted
from nin.errors import ExportError
from nin.exporting.onnx.model import to_onnx
from nin.exporting.onnx.onnx_preprocessing import resize_images
from nin.inference.input_spec import InputSpec
from nin.inference.outputs import Predictions
from nin.models import PRESETS, VGG, NiN, make_net, named_net
from nin.models.blocks import Branches
from nin.models.geometry import has_class_maps
from nin.models.vgg import VGG11
from nin.networks.lookup import network_name
from nin.onnx_graph.graph import Graph
from nin.training.runs.evaluation import softmax

#: Smallest sides that these take.
SIDES = {
    "book": 67,
    "imagenet": 67,
    "alexnet": 67,
    "vgg11": 32,
    "vgg11-quarter": 32,
    "densenet": 32,
}
DENSE = ("lenet", "alexnet", "vgg11", "vgg11-quarter")


def make(name, channels, side):
    """A network of the published structure with random weights, biases and averages."""
    if name in PRESETS:
        model = NiN(num_classes=5, preset=name, width=0.1)
    elif name.startswith("vgg11"):
        model = VGG([(number, 4) for number, _ in VGG11], num_classes=5)
    else:
        model, _ = named_net(name, 5)
    model.preprocessing.configure(None, (0.4,) * channels, (0.25,) * channels)
    model.build((None, side, side, channels))
    random = np.random.default_rng(0)
    for weight in model.weights:
        if "variance" in weight.path or "gamma" in weight.path:
            weight.assign(random.uniform(0.5, 2, weight.shape))
        elif "kernel" not in weight.path:
            weight.assign(random.normal(0, 0.1, weight.shape))
        else:
            fan = int(np.prod(weight.shape[:-1]))
            weight.assign(random.normal(0, (2 / fan) ** 0.5, weight.shape))
    return model


def written(model, shape, classes=5, maps=True):
    description = {"input_shape": shape, "classes": [*"abcdefghij"][:classes], "maps": maps}
    content = to_onnx(model, description).SerializeToString()
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


#: What a plain convolutional network is made of; a type or layout of one's own adds two.
PLAIN = {
    *("Conv", "BatchNormalization", "Relu", "Clip", "Sigmoid", "MaxPool", "AveragePool"),
    *("GlobalAveragePool", "Add", "Concat", "Flatten", "Gemm", "Reshape", "Softmax"),
}


def plain(model, form):
    """A session of the fixed form, which has no operators but those."""
    size = (form.size, form.size, form.channels)
    description = {"input_shape": size, "classes": [*"abcde"], "maps": True}
    proto = to_onnx(model, {**description, "input": form.described()})
    own = {"Cast"} if form.type == "uint8" else set()
    own |= {"Transpose"} if form.layout == "nhwc" else set()
    kinds = Counter(node.op_type for node in proto.graph.node)
    assert kinds.keys() <= PLAIN | own
    # All are folded but the one that standardises, unless what is before them is no convolution.
    assert kinds["BatchNormalization"] == 1 or kinds["Concat"]
    attributes = {each.name for node in proto.graph.node for each in node.attribute}
    assert not attributes & {"auto_pad", "ceil_mode"}
    assert all(
        side.dim_value
        for value in (*proto.graph.input, *proto.graph.output)
        for side in value.type.tensor_type.shape.dim
    )
    return onnxruntime.InferenceSession(proto.SerializeToString())


def predicted(session, images):
    probabilities, *maps = session.run(None, {"images": images})
    return Predictions(probabilities, maps[0] if maps else None)


def pictures(side, channels):
    """Smooth images, as photographs are: what a change of size leaves alike."""
    rough = np.random.default_rng(1).integers(0, 256, (104, 6, 6, channels), np.uint8)
    return np.stack([fitted(image, (side, side), channels) for image in rough])


@pytest.mark.parametrize(
    "name",
    [
        # And, in test_exporting_trunk.py, the layers of other kinds.
        *(pytest.param(n, marks=pytest.mark.every_backend) for n in ("book", "lenet")),
        *("cifar10", "mnist"),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("efficientnet-lite0", "resnet18", "vgg11", "googlenet", "densenet")
        ),
    ],
)
def test_every_kind_of_network_predicts_alike(name):
    side = SIDES.get(name, 28)
    model = make(name, 3, side)
    session = written(model, (side, side, 3))
    images = pictures(side, 3)[:8]
    predictions = session.run(None, {"images": images})
    logits = keras.ops.convert_to_numpy(model(images))
    np.testing.assert_allclose(predictions[0], softmax(logits), rtol=1e-5, atol=2e-6)
    for form in (InputSpec(3, side, 4, "nchw", "float"), InputSpec(3, side, 8, "nhwc", "uint8")):
        fixed = plain(model, form)
        found = form.predict(lambda x, _, s=fixed: predicted(s, x), images, True, "squash")
        np.testing.assert_allclose(found.probabilities, predictions[0], atol=2e-6)
        if name not in DENSE:
            scale = np.abs(predictions[1]).max()
            np.testing.assert_allclose(found.maps, predictions[1], atol=1e-4 * scale)
    assert len(predictions) == (1 if name in DENSE else 2)
    if name not in DENSE:
        maps = keras.ops.convert_to_numpy(model.class_maps(images))
        np.testing.assert_allclose(predictions[1], maps, atol=1e-4 * np.abs(maps).max())
        scale = np.abs(logits).max()
        np.testing.assert_allclose(predictions[1].mean(axis=(1, 2)), logits, atol=1e-4 * scale)


@pytest.mark.every_backend
def test_average_pooling_ends_where_the_image_does():
    stages = [nin.Stage((4, 4), 3, pool="same", pooling="average"), nin.Stage((5,), 3)]
    model = nin.NiN(5, stages=stages, batch_norm=True)
    model.build((None, 28, 28, 3))
    images = pictures(28, 3)[:4]
    (predictions, *_) = written(model, (28, 28, 3)).run(None, {"images": images})
    logits = keras.ops.convert_to_numpy(model(images))
    np.testing.assert_allclose(predictions, softmax(logits), atol=2e-6)


def own_network(net):
    model = make_net(network_name(net), 5, (8, 8, 1))
    model.build((None, 8, 8, 1))
    return model


def test_a_graph_of_ones_own_predicts_alike(tmp_path):
    model = own_network(f"{write_nets(tmp_path)}:cnn")
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), np.uint8)
    probabilities, maps = written(model, (8, 8, 1)).run(None, {"images": images})
    logits = keras.ops.convert_to_numpy(model(images))
    np.testing.assert_allclose(probabilities, softmax(logits), atol=2e-6)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), logits, atol=1e-5)


def test_groups_predict_alike():
    convolutions = [
        keras.layers.Conv2D(4, 3, padding="same"),
        keras.layers.Conv2D(8, 3, padding="same", groups=2),
        keras.layers.Conv2D(5, 1),
    ]
    model = own_network(keras.Sequential([*convolutions, keras.layers.GlobalAveragePooling2D()]))
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), np.uint8)
    logits = keras.ops.convert_to_numpy(model(images))
    probabilities, _ = written(model, (8, 8, 1)).run(None, {"images": images})
    np.testing.assert_allclose(probabilities, softmax(logits), atol=2e-6)


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (keras.layers.GaussianNoise(0.1, name="mine"), "of type GaussianNoise (mine)"),
        (keras.layers.DepthwiseConv2D(3, dilation_rate=2, name="mine"), "(mine) with a dilation"),
        (keras.layers.Conv2D(5, 3, dilation_rate=2, name="mine"), "Conv2D (mine) with a dilation"),
        (keras.layers.Dense(5, use_bias=False, name="mine"), "Dense (mine) with no bias"),
        (keras.layers.BatchNormalization(scale=False, name="mine"), "(mine) with no offset or no"),
    ],
)
def test_a_layer_of_ones_own_without_a_rule_is_named(layer, said):
    ends = [keras.layers.Flatten(), keras.layers.Dense(5)]
    of_maps = "Conv" in type(layer).__name__
    layers = [layer, *ends] if of_maps else [ends[0], layer, ends[1]]
    model = own_network(keras.Sequential(layers))
    with pytest.raises(ExportError) as caught:
        written(model, (8, 8, 1), maps=False)
    assert said in str(caught.value)


@pytest.mark.slow
# The other presets are one of these in other numbers of channels, classes or blocks.
@pytest.mark.parametrize("name", ["book", "cifar10", "mnist", "efficientnet-lite0"])
def test_each_network_agrees_on_a_hundred_images_at_two_sizes_and_two_batch_sizes(name):
    side = SIDES.get(name, 28)
    channels = named_net(name)[1][2]
    model = make(name, channels, side)
    session = written(model, (side, side, channels))
    images = pictures(side, channels)
    expected = softmax(keras.ops.convert_to_numpy(model(images)))
    for batch in (1, 26):
        predictions = [
            session.run(["probabilities"], {"images": images[first : first + batch]})[0]
            for first in range(0, len(images), batch)
        ]
        np.testing.assert_allclose(np.concatenate(predictions), expected, atol=2e-6)
    # At another size the graph resizes by itself, and we by Pillow.
    others = np.stack([fitted(image, (side + 13, side + 29), channels) for image in images])
    seen = np.stack([fitted(image, (side, side), channels) for image in others])
    expected = softmax(keras.ops.convert_to_numpy(model(seen)))
    predictions = session.run(["probabilities"], {"images": others})[0]
    np.testing.assert_allclose(predictions, expected, atol=0.02)
    clear = np.sort(expected)[:, -1] - np.sort(expected)[:, -2] > 0.02
    assert clear.sum() >= 20
    assert (predictions.argmax(1) == expected.argmax(1))[clear].all()


def intake(shape, resize_mode="squash"):
    graph = Graph()
    x = resize_images(graph, "images", shape, resize_mode)
    graph.node("Transpose", x, name="seen", perm=[0, 2, 3, 1])
    inputs = {"images": ("uint8", ["n", "height", "width", shape[2]])}
    model = graph.model(inputs, {"seen": ("float32", ["n", *shape])}, {})
    return onnxruntime.InferenceSession(model.SerializeToString())


def by_pillow(image, size, channels):
    picture = Image.fromarray(image[..., 0] if channels == 1 else image)
    resized = picture.resize(size[::-1], Image.Resampling.BICUBIC)
    return np.asarray(resized, np.float32).reshape(*size, channels)


@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    channels=st.sampled_from([1, 3]),
    seed=st.integers(0, 9),
)
def test_the_intake_is_what_pillow_does(height, width, channels, seed):
    shape = (24, 20, channels)
    random = np.random.default_rng(seed)
    # Away from black and white nothing is clipped between the passes, whose order Pillow chooses.
    image = random.integers(64, 192, (height, width, channels), np.uint8)
    seen = _INTAKES[channels].run(None, {"images": image[None]})[0][0]
    difference = np.abs(seen - by_pillow(image, shape[:2], channels))
    # Pillow computes in fixed point.
    assert difference.max() <= 2
    assert (difference <= 1).mean() > 0.98


def test_the_intake_stays_within_eight_bits(noise):
    seen = _INTAKES[3].run(None, {"images": (noise(2, 90, 11, 3) > 127) * np.uint8(255)})[0]
    assert (seen.min(), seen.max()) == (0, 255)


@given(height=st.integers(1, 90), width=st.integers(1, 90), seed=st.integers(0, 9))
def test_the_intake_crops_as_decode_does(height, width, seed):
    random = np.random.default_rng(seed)
    image = random.integers(64, 192, (height, width, 3), np.uint8)
    assert_cropped_alike(image, 2)


@pytest.mark.parametrize("size", [(1, 4000), (4000, 1), (300, 61), (61, 300), (8, 9), (400, 640)])
def test_the_intake_crops_pictures_of_any_shape(size):
    rough = np.random.default_rng(0).integers(64, 192, (9, 9, 3), np.uint8)
    assert_cropped_alike(fitted(rough, size), 2)


def assert_cropped_alike(image, most):
    expected = fitted(image, (24, 24), 3, "crop").astype(np.float32)
    seen = _CROPPED.run(None, {"images": image[None]})[0][0]
    difference = np.abs(seen - expected)
    assert difference.max() <= most
    assert (difference <= 1).mean() > 0.98


def test_the_intake_of_square_images_is_the_same_whichever_way(noise):
    both = intake((24, 24, 3)), _CROPPED
    for side in (5, 24, 49, 90):
        images = noise(2, side, side, 3)
        squashed, cropped = (one.run(None, {"images": images})[0] for one in both)
        # Halves may be rounded to either side.
        assert np.abs(squashed - cropped).max() <= 1
    assert (cropped == squashed).mean() > 0.99


_CROPPED = intake((24, 24, 3), "crop")
_INTAKES = {channels: intake((24, 20, channels)) for channels in (1, 3)}


def test_images_of_the_trained_shape_pass_untouched(noise):
    image = noise(3, 24, 20, 3)
    assert (_INTAKES[3].run(None, {"images": image})[0] == image).all()
    assert (_INTAKES[1].run(None, {"images": image[..., :1]})[0] == image[..., :1]).all()


def test_large_photographs_are_not_aliased():
    """Stripes one pixel wide are grey from afar; picked out they would be black and white."""
    stripes = np.zeros((1, 480, 400, 1), np.uint8)
    stripes[:, :, ::2] = 255
    seen = _INTAKES[1].run(None, {"images": stripes})[0]
    assert np.abs(seen - 127.5).max() <= 2


@pytest.mark.every_backend
def test_the_models_own_resizing_is_in_the_graph(noise):
    model = NiN(num_classes=4, width=0.05)
    model.preprocessing.configure((67, 67), (0.3,), (0.2,))
    model.build((None, 28, 28, 1))
    session = written(model, (28, 28, 1), classes=4)
    images = noise(5, 28, 28, 1)
    logits = keras.ops.convert_to_numpy(model(images))
    np.testing.assert_allclose(session.run(None, {"images": images})[0], softmax(logits), atol=1e-6)


def test_a_description_without_a_fit_is_of_a_network_that_takes_all():
    model = make("mnist", 1, 28)
    description = {"input_shape": (28, 28, 1), "classes": [*"abcde"], "maps": True}
    before, squashed, cropped = (
        to_onnx(model, {**description, **how}).graph
        for how in ({}, {"fit": "squash"}, {"fit": "crop"})
    )
    assert before == squashed
    assert before != cropped


@pytest.mark.every_backend
def test_the_same_network_is_the_same_file():
    keras.utils.set_random_seed(1)
    model = NiN(num_classes=3, preset="mnist", width=0.1)
    model.build((None, 28, 28, 1))
    for number, weight in enumerate(model.weights):
        weight.assign(np.random.default_rng(number).normal(size=weight.shape).astype("float32"))
    description = {"input_shape": (28, 28, 1), "classes": ["a", "b", "ü"], "maps": True}
    first, second = (to_onnx(model, description).SerializeToString() for _ in range(2))
    assert first == second
    # Every backend is held to this same number.
    names = [(node.name, node.op_type) for node in onnx.load_from_string(first).graph.node]
    assert len(names) == len({name for name, _ in names})
    assert names[-2:] == [("probabilities", "Softmax"), ("maps", "Transpose")]


def test_what_travels_along_can_be_read_by_other_programs():
    model = make("mnist", 1, 28)
    description = {"input_shape": (28, 28, 1), "classes": [*"abcdé"], "maps": False}
    proto = to_onnx(model, description)
    assert (proto.ir_version, proto.opset_import[0].version) == (9, 17)
    [note] = proto.metadata_props
    assert json.loads(note.value) == {**description, "input_shape": [28, 28, 1]}
    assert [output.name for output in proto.graph.output] == ["probabilities"]
    assert has_class_maps(model.net)


def test_a_layer_without_a_rule_is_named():
    model = NiN(num_classes=3, preset="mnist", width=0.1)
    model.net = keras.Sequential([keras.layers.SeparableConv2D(4, 3), *model.net.layers])
    model.build((None, 28, 28, 1))
    description = {"input_shape": (28, 28, 1), "classes": ["a", "b", "c"], "maps": True}
    with pytest.raises(ExportError, match="cannot export a layer of type SeparableConv2D"):
        to_onnx(model, description)


def test_a_normalisation_that_cannot_be_folded_is_kept():
    """Two layers need what the convolution puts out: it has to stay as it is."""
    layers = keras.layers
    model = NiN(num_classes=4, preset="mnist", width=0.1)
    head = [layers.Conv2D(4, 1), layers.GlobalAveragePooling2D(), layers.Flatten()]
    normalised = [layers.BatchNormalization(), layers.Activation("relu")]
    branches = Branches(normalised, [], join=layers.Concatenate())
    model.net = keras.Sequential([layers.Conv2D(6, 3), branches, *head])
    model.build((None, 9, 9, 1))
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(random.uniform(0.2, 1, weight.shape))
    images = random.integers(0, 256, (2, 9, 9, 1), np.uint8)
    predictions = written(model, (9, 9, 1), classes=4).run(None, {"images": images})
    logits = keras.ops.convert_to_numpy(model(images))
    np.testing.assert_allclose(predictions[0], softmax(logits), atol=1e-6)


def test_images_of_one_pixel_are_added_to_larger_ones_in_either_order():
    """The next layer is padded for the size of the sum."""
    layers = keras.layers
    for order in (1, -1):
        image = keras.Input((9, 9, 1))
        x = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
        pixel = layers.Conv2D(4, 1)(layers.GlobalAveragePooling2D(keepdims=True)(x))
        x = layers.Add()([x, pixel][::order])
        row = layers.Dense(4)(layers.GlobalAveragePooling2D()(x))
        x = layers.Add()([x, row][::order])
        x = layers.Conv2D(4, 3, strides=2, padding="same")(x)
        x = layers.Conv2D(4, 3, strides=2, padding="same")(x)
        x = layers.Add()([x, layers.GlobalAveragePooling2D(keepdims=True)(x)][::order])
        model = NiN(num_classes=4, preset="mnist", width=0.1)
        model.net = keras.Model(image, layers.Dense(4)(layers.Flatten()(x)))
        model.build((None, 9, 9, 1))
        random = np.random.default_rng(0)
        for weight in model.weights:
            weight.assign(random.normal(size=weight.shape))
        images = random.integers(0, 256, (2, 9, 9, 1), np.uint8)
        predictions = written(model, (9, 9, 1), classes=4).run(None, {"images": images})
        logits = keras.ops.convert_to_numpy(model(images))
        np.testing.assert_allclose(predictions[0], softmax(logits), atol=1e-5)


def test_the_free_form_has_no_automatic_pads():
    description = {"input_shape": (28, 28, 3), "classes": [*"abcde"], "maps": True}
    for name in ("cifar10", "resnet18"):
        proto = to_onnx(make(name, 3, 28), description)
        attributes = {each.name for node in proto.graph.node for each in node.attribute}
        assert "auto_pad" not in attributes
        # What OpenCV refuses a blobFromImage batch by, since it does not look at the signature.
        [node] = [node for node in proto.graph.node if node.op_type == "Reshape"]
        [shape] = [each for each in proto.graph.initializer if each.name == node.input[1]]
        assert onnx.numpy_helper.to_array(shape).tolist() == [0, 3, 28, 28]
        [images] = proto.graph.input
        assert images.type.tensor_type.shape.dim[3].dim_value == 3


def test_a_batch_in_the_wrong_layout_is_refused(noise):
    """Of a picture as OpenCV's `blobFromImage` makes it, 3 would be the height."""
    session = written(make("mnist", 3, 28), (28, 28, 3))
    for wrong in (noise(1, 3, 28, 28), noise(1, 28, 28, 1), noise(1, 28, 28, 4)):
        with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument):
            session.run(None, {"images": wrong})


def test_an_activation_without_a_rule_is_named():
    model = NiN(num_classes=3, preset="mnist", width=0.1)
    model.net = keras.Sequential([keras.layers.Activation("gelu"), *model.net.layers])
    model.build((None, 28, 28, 1))
    description = {"input_shape": (28, 28, 1), "classes": ["a", "b", "c"], "maps": True}
    with pytest.raises(ExportError, match="cannot export the activation gelu"):
        to_onnx(model, description)


def test_fitted_leaves_alone_what_fits(noise):
    image = noise(9, 7, 3)
    assert fitted(image, (9, 7), 3) is image
    grey = np.asarray(Image.fromarray(image).convert("L"))[..., None]
    assert (fitted(image, (9, 7), 1) == grey).all()


def relu(x):
    """Called like another."""
    return keras.ops.leaky_relu(x, 0.5)


@pytest.mark.parametrize("activation", [relu, keras.layers.LeakyReLU(0.1)])
def test_an_activation_of_ones_own_is_not_known_by_its_name(activation):
    def net(num_classes):
        ends = [keras.layers.Conv2D(num_classes, 3), keras.layers.GlobalAveragePooling2D()]
        return keras.Sequential([keras.layers.Activation(activation), *ends])

    with pytest.raises(ExportError, match="cannot export the activation"):
        written(own_network(net), (8, 8, 1))


class Standardised(keras.layers.Conv2D):
    def convolution_op(self, inputs, kernel):
        return super().convolution_op(inputs, kernel - keras.ops.mean(kernel, axis=(0, 1, 2)))


def test_a_convolution_of_ones_own_is_named():
    net = keras.Sequential([Standardised(5, 3), keras.layers.GlobalAveragePooling2D()])
    with pytest.raises(ExportError, match="of type Standardised"):
        written(own_network(net), (8, 8, 1))


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.BatchNormalization(axis=1, name="mine"),
        lambda: Branches([], [], join=keras.layers.Concatenate(axis=1, name="mine")),
    ],
)
def test_an_axis_without_a_rule_is_named(layer):
    def net(num_classes):
        ends = [keras.layers.Conv2D(num_classes, 1), keras.layers.GlobalAveragePooling2D()]
        return keras.Sequential([keras.layers.Conv2D(4, 3), layer(), *ends])

    with pytest.raises(ExportError, match=r"\(mine\) with axis 1"):
        written(own_network(net), (8, 8, 1))


def test_a_frameworks_own_activation_is_known():
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("a function of TensorFlow's")

    def net(num_classes):
        ends = [keras.layers.Conv2D(num_classes, 1), keras.layers.GlobalAveragePooling2D()]
        return keras.Sequential([keras.layers.Conv2D(4, 3, activation=tf.nn.relu), *ends])

    assert written(own_network(net), (8, 8, 1)) is not None


@pytest.mark.parametrize(("strides", "is_refused"), [(1, False), (2, True)])
def test_only_borders_that_pytorch_repeats_are_refused(strides, is_refused, monkeypatch):
    pooling = keras.layers.AveragePooling2D(3, strides, "same")
    layers = [keras.layers.Conv2D(5, 1), pooling, keras.layers.GlobalAveragePooling2D()]
    model = own_network(keras.Sequential(layers))  # 8x8: pads 1/1 at stride 1, 0/1 at stride 2
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ExportError, match="repeats") if is_refused else nullcontext():
        written(model, (8, 8, 1))
