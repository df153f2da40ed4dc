"""Preprocessing in the graph: what `nin.data.decoding` and `nin.models.Preprocessing` do to images.

It uses elementary operations, since not every runtime has an antialiased Resize: some leave the
antialiasing out without a warning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nin.data.decoding.decode import CUBIC, ResizeMode
from nin.onnx_graph.graph import Graph

#: The prefix of the names of these nodes in the file.
SCOPE = "intake"


def resize_images(
    graph: Graph, images: str, shape: tuple[int, int, int], resize_mode: ResizeMode = "squash"
) -> str:
    """Resize images to the size that the network was trained on.

    Args:
        graph: the graph to add to.
        images: (n, h, w, channels), uint8.
        shape: (height, width, channels) of the result.
        resize_mode: which part of an image fills it; see `nin.data.decoding.decode.seen_box`.

    Returns:
        (n, channels, height, width), float32, whole numbers 0…255.
    """
    height, width, _ = shape
    x = graph.node("Transpose", images, perm=[0, 3, 1, 2])
    x = graph.cast(x, "float32")
    scale = _one_scale(graph, x, (height, width)) if resize_mode == "crop" else None
    across = _weights(graph, x, 3, width, scale, transposed=True)
    x = _whole(graph, graph.node("MatMul", x, across))
    return _whole(graph, graph.node("MatMul", _weights(graph, x, 2, height, scale), x))


def _one_scale(graph: Graph, x: str, size: tuple[int, int]) -> str:
    """How many pixels become one, the same across and down: as many as both sides have room for."""
    scales = [_scale(graph, _side(graph, x, axis), size[axis - 2]) for axis in (2, 3)]
    return graph.node("Min", *scales)


def _side(graph: Graph, x: str, axis: int) -> str:
    return graph.cast(graph.node("Shape", x, start=axis, end=axis + 1), "float32")


def _scale(graph: Graph, side: str, size: int) -> str:
    return graph.node("Div", side, graph.constant([float(size)]))


def _weights(
    graph: Graph, x: str, axis: int, size: int, shared: str | None, transposed: bool = False
) -> str:
    """The matrix (size, side) that resizes `axis`: a cubic filter, wider where it shrinks.

    With a scale `shared` with the other axis, it takes the middle of the side.
    """
    side = _side(graph, x, axis)
    scale = shared or _scale(graph, side, size)
    wide = graph.node("Max", scale, graph.constant([1.0]))
    here = graph.constant([[number + 0.5] for number in range(size)])
    count = graph.node("Squeeze", side)
    there = graph.node("Range", graph.constant(0.0), count, graph.constant(1.0))
    there = graph.node("Add", there, graph.constant(0.5))
    centre = graph.node("Mul", here, scale)
    if shared:
        taken = graph.node("Mul", scale, graph.constant([float(size)]))
        margins = graph.node("Sub", side, taken)
        margin = graph.node("Mul", margins, graph.constant(0.5))
        centre = graph.node("Add", centre, margin)
    distance = graph.node("Sub", there, centre)
    weights = _cubic(graph, graph.node("Abs", graph.node("Div", distance, wide)))
    total = graph.node("ReduceSum", weights, graph.constant([1], "int64"), keepdims=1)
    weights = graph.node("Div", weights, total)
    return graph.node("Transpose", weights, perm=[1, 0]) if transposed else weights


def _cubic(graph: Graph, t: str) -> str:
    """The filter at distances `t` ≥ 0, in target pixels."""
    t = graph.node("Min", t, graph.constant(2.0))
    near = _polynomial(graph, t, (CUBIC + 2, -(CUBIC + 3), 0.0, 1.0))
    far = _polynomial(graph, t, (CUBIC, -5 * CUBIC, 8 * CUBIC, -4 * CUBIC))
    return graph.node("Where", graph.node("Less", t, graph.constant(1.0)), near, far)


def _polynomial(graph: Graph, t: str, coefficients: tuple[float, ...]) -> str:
    value = graph.constant(coefficients[0])
    for coefficient in coefficients[1:]:
        value = graph.node("Add", graph.node("Mul", value, t), graph.constant(coefficient))
    return value


def _whole(graph: Graph, x: str) -> str:
    """Eight-bit values, as Pillow keeps them between steps."""
    x = graph.node("Floor", graph.node("Add", x, graph.constant(0.5)))
    return graph.node("Clip", x, graph.constant(0.0), graph.constant(255.0))


def resize_again(graph: Graph, x: str, size: tuple[int, int] | None) -> str:
    """Images of the stored size, (n, channels, h, w), at the size that the first layer takes."""
    if size is None:
        return x
    free = graph.node("Shape", x, start=0, end=2)
    sizes = graph.node("Concat", free, graph.constant(size, "int64"), axis=0)
    return graph.node("Resize", x, "", "", sizes, mode="linear")


def of_shape(graph: Graph, x: str, shape: tuple[int, int, int, int]) -> str:
    """The same images, which runtimes refuse if they are not of this shape.

    Some runtimes do not compare an input with its stated shape, and go on with images in another
    layout or of another size; but none reshapes a tensor of more or fewer values to this.

    Args:
        graph: the graph to add to.
        x: the images.
        shape: (n, channels, height, width); 0 in place of n stands for any number.
    """
    return graph.node("Reshape", x, graph.constant(shape, "int64"))


def standardise(graph: Graph, x: str, preprocessing: Any, channels: int) -> str:
    """What the network's own `Preprocessing` does to the values of images.

    It is written as a batch normalisation: one node that every runtime has, with as many means as
    there are channels.

    Args:
        graph: the graph to add to.
        x: (n, channels, height, width), float32, 0…255.
        preprocessing: a `nin.models.Preprocessing`.
        channels: number of channels of the images.

    Returns:
        The input of the first convolution, of the same shape.
    """
    mean, std = (
        np.full(channels, 255.0) * np.asarray(values)
        for values in (preprocessing.mean, preprocessing.std)
    )
    parts = {"scale": np.ones(channels), "offset": np.zeros(channels), "mean": mean}
    parts["variance"] = std**2
    floats = {part: values.astype(np.float32) for part, values in parts.items()}
    return graph.batch_normalization(x, 0.0, **floats)
