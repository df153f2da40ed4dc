"""Folds batch normalisation into convolutions: at inference it only scales and shifts channels."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from nin.onnx_graph.graph import Graph


def fold_batch_normalization(graph: Graph) -> None:
    """Make each batch normalisation part of the convolution before it.

    It stays if another layer needs the output of that convolution, or if none is before it.
    """
    uses = Counter(name for node in graph.nodes for name in node.input)
    makers = {node.output[0]: node for node in graph.nodes}
    kept: list[Any] = []
    for node in graph.nodes:
        before = makers.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if before is None or before.op_type != "Conv" or uses[node.input[0]] > 1:
            kept.append(node)
            continue
        constants = [graph.arrays.pop(name) for name in node.input[1:]]
        _scale(graph, before, *_affine(constants, _epsilon(node)))
        before.output[0] = node.output[0]
        makers[node.output[0]] = before
    graph.nodes[:] = kept


def _affine(constants: list[Any], epsilon: float) -> tuple[Any, Any]:
    """A factor and a shift per channel."""
    scale, offset, mean, variance = (np.asarray(each, np.float64) for each in constants)
    factor = scale / np.sqrt(variance + epsilon)
    return factor, offset - factor * mean


def _scale(graph: Graph, convolution: Any, factor: Any, shift: Any) -> None:
    _, kernel, *bias = convolution.input
    graph.arrays[kernel] = _float32(graph.arrays[kernel] * factor[:, None, None, None])
    if bias:
        graph.arrays[bias[0]] = _float32(graph.arrays[bias[0]] * factor + shift)
    else:
        convolution.input.append(graph.array(f"{convolution.name}/bias", _float32(shift)))


def _epsilon(node: Any) -> float:
    return next(float(each.f) for each in node.attribute if each.name == "epsilon")


def _float32(values: Any) -> Any:
    return np.asarray(values, np.float32)
