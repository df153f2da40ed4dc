"""ONNX in eight bits: programs that would misread it read it rightly, or refuse it."""

from __future__ import annotations

import json

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers

import nin
from nin.exporting.onnx.int8 import quantize
from nin.exporting.onnx.model import to_onnx
from nin.inference.input_spec import InputSpec
from nin.models.blocks import Branches
from nin.onnx_graph.graph import QUANTIZED_OPSET

cv2 = pytest.importorskip("cv2", reason="OpenCV comes by pip install opencv-python-headless")
CLASSES = 5


def network(name):
    """Layers of every kind that computes in eight bits, their weights at random."""
    stages = [nin.Stage((8, 8), 3, pool="same"), nin.Stage((6, CLASSES), 3)]
    model = nin.NiN(CLASSES, stages=stages, batch_norm=True)
    if name == "others":
        kinds = [layers.Conv2D(8, 1)], [layers.MaxPooling2D(1)]
        added = Branches(*kinds, join=layers.Add())
        joined = Branches([layers.Conv2D(4, 1)], [], join=layers.Concatenate())
        blocks = [layers.Conv2D(8, 3, padding="same"), layers.Activation("relu6")]
        blocks += [layers.DepthwiseConv2D(3, 2, padding="same"), layers.AveragePooling2D(2)]
        blocks += [added, joined]
        blocks += [layers.Flatten(), layers.Dense(9, activation="relu"), layers.Dense(CLASSES)]
        model.net = keras.Sequential(blocks)
    model.build((None, 16, 16, 3))
    random = np.random.default_rng(0)
    for weight in model.weights:
        if not ("variance" in weight.path or "gamma" in weight.path):
            weight.assign(random.normal(0, 0.3, weight.shape))
    return model


def coloured(count):
    """Pictures, each of four colours."""
    colours = np.random.default_rng(count).integers(0, 256, (count, 2, 2, 3), np.uint8)
    return colours.repeat(8, axis=1).repeat(8, axis=2)


@pytest.fixture(scope="module", params=["nin", "others"])
def small(request, tmp_path_factory):
    """A file in eight bits, which takes images of any size."""
    folder = tmp_path_factory.mktemp("int8")
    description = {"input_shape": (16, 16, 3), "classes": [*"abcde"], "maps": False}
    model = to_onnx(network(request.param), {**description, "fit": "squash"}, QUANTIZED_OPSET)
    onnx.save(model, folder / "whole.onnx")
    quantize(folder / "whole.onnx", folder / "small.onnx", coloured(64))
    return folder / "small.onnx"


def test_opencv_reads_it_as_onnx_runtime_does(small):
    images = coloured(9)
    wanted = onnxruntime.InferenceSession(small).run(["probabilities"], {"images": images})[0]
    network = cv2.dnn.readNetFromONNX(str(small))
    network.setInput(images, "images")
    found = network.forward("probabilities")
    np.testing.assert_allclose(found, wanted, atol=np.ptp(wanted, axis=0).max() / 20)


def test_weights_have_no_zero_point_and_activations_have_one(small):
    graph = onnx.load(small).graph
    constants = {each.name for each in graph.initializer}
    read = [node for node in graph.node if node.op_type == "DequantizeLinear"]
    weights = [node for node in read if node.input[0] in constants]
    assert len(weights) > 4
    assert {len(node.input) for node in weights} == {2}
    assert {len(node.input) for node in read if node not in weights} == {3}
    assert constants == {name for node in graph.node for name in node.input} & constants


def test_mnn_refuses_it_by_a_sum_of_one(small):
    [node] = [node for node in onnx.load(small).graph.node if node.op_type == "Sum"]
    assert len(node.input) == 1
    told = json.loads(onnx.load(small).metadata_props[0].value)
    assert (told["quantization"], told["complete"]) == ("int8", False)


def test_opencv_refuses_pictures_of_another_size_or_layout(tmp_path):
    described = {"input_shape": (16, 16, 3), "classes": [*"abcde"], "maps": True}
    form = InputSpec(3, 16, 1, "nchw", "float").described()
    file = tmp_path / "fixed.onnx"
    onnx.save(to_onnx(network("nin"), {**described, "input": form}), file)

    def ask(*shape):
        net = cv2.dnn.readNetFromONNX(str(file))
        net.setInput(np.zeros(shape, np.float32), "images")
        return net.forward("probabilities")

    assert ask(1, 3, 16, 16).shape == (1, CLASSES)
    for shape in ((1, 3, 17, 16), (1, 3, 32, 32), (2, 3, 16, 16), (1, 16, 16, 3), (1, 1, 16, 16)):
        with pytest.raises(cv2.error):
            ask(*shape)
