"""ONNX files that a stranger may send; each does what no export of ours does."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CLASSES = ["a", "b"]
DESCRIPTION = {"format": 1, "classes": CLASSES, "input_shape": [8, 8, 1], "maps": False}


def save(path, nodes, constants, *, output=None, functions=(), domains=(), **changes):
    """A model of these nodes, which make ``probabilities`` of ``images``; its description changed.

    Args:
        constants: arrays by name, or tensors as they are.
        output: the shape that is declared; None for one of unknown rank.
        functions: defined in the model.
        domains: of operations that are not ONNX's own.
    """
    output = ["n", 2] if output is None else output
    weights = [
        value if isinstance(value, TensorProto) else numpy_helper.from_array(value, name)
        for name, value in constants.items()
    ]
    kind = TensorProto.STRING if constants.get("strings") is not None else TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "strange",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", "h", "w", "c"])],
        [helper.make_tensor_value_info("probabilities", kind, output or None)],
        weights,
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 20), *(helper.make_opsetid(d, 1) for d in domains)],
        ir_version=10,
        functions=functions,
    )
    helper.set_model_props(model, {"nin": json.dumps({**DESCRIPTION, **changes})})
    path.write_bytes(model.SerializeToString())
    return path


#: Nodes that give every image the row ``row``.
PER_IMAGE = [
    helper.make_node("Shape", ["images"], ["n"], start=0, end=1),
    helper.make_node("Concat", ["n", "columns"], ["shape"], axis=0),
    helper.make_node("Expand", ["row", "shape"], ["probabilities"]),
]
COLUMNS = np.array([2])


def constant(path, row, **changes):
    """It says the same of every image, whatever it is."""
    return save(path, PER_IMAGE, {"row": np.float32([row]), "columns": COLUMNS}, **changes)


def same_answer_for_all(path):
    """One row, however many images there are."""
    nodes = [helper.make_node("Identity", ["row"], ["probabilities"])]
    return save(path, nodes, {"row": np.float32([[0.5, 0.5]])})


def number_without_rank(path):
    nodes = [helper.make_node("Identity", ["row"], ["probabilities"])]
    return save(path, nodes, {"row": np.float32(0.5)}, output=())


def words(path):
    nodes = [helper.make_node("Identity", ["strings"], ["probabilities"])]
    return save(path, nodes, {"strings": np.array([["a", "b"]], object)})


def unknown_operation(path):
    nodes = [helper.make_node("Evil", ["images"], ["probabilities"], domain="evil.op")]
    return save(path, nodes, {}, domains=["evil.op"])


def huge(path, size):
    """It fills that many numbers before it predicts."""
    nodes = [
        helper.make_node("ConstantOfShape", ["size"], ["many"]),
        helper.make_node("ReduceSum", ["many"], ["none"], keepdims=0),
        helper.make_node("Add", ["none", "half"], ["row"]),
        *PER_IMAGE,
    ]
    constants = {"size": np.array([size]), "half": np.float32([0.5, 0.5]), "columns": COLUMNS}
    return save(path, nodes, constants)


def picky(path):
    """What it says of a white image is no number; of any other, that it is the first class."""
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["floats", "axes"], ["most"], keepdims=0),
        helper.make_node("Sub", ["white", "most"], ["less"]),
        helper.make_node("Div", ["less", "less"], ["first"]),
        helper.make_node("Sub", ["first", "first"], ["second"]),
        helper.make_node("Concat", ["first", "second"], ["probabilities"], axis=1),
    ]
    return save(path, nodes, {"axes": np.array([1, 2]), "white": np.float32(255)})


def endless_loop(path):
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["goes_on"], ["on"]),
            helper.make_node("Identity", ["value"], ["same"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("same", TensorProto.FLOAT, []),
        ],
    )
    nodes = [helper.make_node("Loop", ["", "true", "zero"], ["row"], body=body), *PER_IMAGE]
    constants = {"true": np.array(True), "zero": np.float32(0), "columns": COLUMNS}
    return save(path, nodes, constants)


def condition(path):
    branch = helper.make_graph(
        [helper.make_node("Identity", ["half"], ["result"])],
        "branch",
        [],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, [2])],
    )
    node = helper.make_node("If", ["true"], ["row"], then_branch=branch, else_branch=branch)
    constants = {"true": np.array(True), "half": np.float32([0.5, 0.5]), "columns": COLUMNS}
    return save(path, [node, *PER_IMAGE], constants)


def functions_that_double(path, depth):
    """Each calls the one before twice: unfolded, they are 2**depth operations."""
    domain, imports = "ours", [helper.make_opsetid("", 20), helper.make_opsetid("ours", 1)]
    functions = []
    for level in range(depth):
        calls = [("Identity", "")] * 2 if level == 0 else [(f"f{level - 1}", domain)] * 2
        nodes = [
            helper.make_node(calls[0][0], ["x"], ["y"], domain=calls[0][1]),
            helper.make_node(calls[1][0], ["y"], ["z"], domain=calls[1][1]),
        ]
        functions.append(helper.make_function(domain, f"f{level}", ["x"], ["z"], nodes, imports))
    nodes = [helper.make_node(f"f{depth - 1}", ["half"], ["row"], domain=domain), *PER_IMAGE]
    constants = {"half": np.float32([0.5, 0.5]), "columns": COLUMNS}
    return save(path, nodes, constants, functions=functions, domains=[domain])


def many_operations(path, number):
    names = ["half", *(f"x{place}" for place in range(number - 1)), "row"]
    nodes = [helper.make_node("Identity", [one], [other]) for one, other in pairwise(names)]
    constants = {"half": np.float32([0.5, 0.5]), "columns": COLUMNS}
    return save(path, [*nodes, *PER_IMAGE], constants)


def weights_elsewhere(path, place, attribute=False):
    """Its weights are the bytes of another file: of two letters, say."""
    tensor = TensorProto(name="bytes", data_type=TensorProto.UINT8, dims=[2])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", "2")):
        tensor.external_data.add(key=key, value=value)
    nodes = [helper.make_node("Cast", ["bytes"], ["row"], to=TensorProto.FLOAT), *PER_IMAGE]
    if attribute:
        nodes.insert(0, helper.make_node("Constant", [], ["bytes"], value=tensor))
        return save(path, nodes, {"columns": COLUMNS})
    return save(path, nodes, {"bytes": tensor, "columns": COLUMNS})


def sparse_weights(path, size):
    """A sparse weight of so many numbers, all but one of them zero."""
    model = onnx.load(constant(path, [0.5, 0.5]))
    values = helper.make_tensor("sparse", TensorProto.FLOAT, [1], [1.0])
    indices = helper.make_tensor("places", TensorProto.INT64, [1], [0])
    sparse = helper.make_sparse_tensor(values, indices, [size])
    model.graph.sparse_initializer.append(sparse)
    path.write_bytes(model.SerializeToString())
    return path
