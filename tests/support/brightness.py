"""An exported network that needs no training: it tells dark pictures from light ones."""

from __future__ import annotations

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

#: A picture of this grey is as much the one as the other.
MIDDLE = 128


def network(path, classes=("dark", "light"), size=8):
    """Write the network, and return the path."""
    constants = {
        "axes": np.array([1, 2, 3], np.int64),
        "scale": np.array([[-1 / 32, 1 / 32]], np.float32),
        "bias": np.array([[MIDDLE / 32, -MIDDLE / 32]], np.float32),
        "shape": np.array([-1, 1], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["grey"], keepdims=0),
        helper.make_node("Reshape", ["grey", "shape"], ["column"]),
        helper.make_node("Mul", ["column", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    taken = helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", "h", "w", "c"])
    given = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 2])
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "brightness", [taken], [given], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    description = {
        "format": 1,
        "name": "brightness",
        "classes": classes,
        "input_shape": [size, size, 1],
        "maps": False,
    }
    helper.set_model_props(model, {"nin": json.dumps(description)})
    onnx.save(model, path)
    return path


def picture(path, grey, size=(6, 4)):
    """Write a picture of one grey, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, grey).save(path, "PNG")
    return path
