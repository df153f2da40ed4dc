"""`FeatureExtractor`: the features of a frozen trunk, computed by ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.errors import Advice, Argument, DataError, first_line
from nin.onnx_graph.folding import fold_batch_normalization
from nin.onnx_graph.graph import Graph, Sides
from nin.pretrained.trunk import EPSILON, Layer, Trunk

Features = NDArray[np.float32]

#: The trunks were trained on ``(x - MEAN) / STD`` for pixels x from 0 to 255.
MEAN, STD = 127.0, 128.0


class FeatureExtractor:
    """A trunk that returns the mean of each of its last feature maps.

    If a network's head is one 1×1 convolution and the average over positions, the average may come
    first: the logits are linear in these features.

    Args:
        trunk: the trunk with its weights.
        threads: number of threads; 0 for one per core.
    """

    def __init__(self, trunk: Trunk, threads: int = 0) -> None:
        import onnxruntime as runtime

        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Threads that spin while waiting take cores from the threads that decode pictures.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = runtime.InferenceSession(
            to_onnx(trunk).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.channels = trunk.channels

    def __call__(self, images: NDArray[np.uint8]) -> Features:
        """Photographs (n, height, width, 3), uint8 → features (n, channels).

        Raises:
            DataError: they cannot be computed, usually because memory is too small.
        """
        try:
            [features] = self._session.run(None, {"images": images})
        except Exception as error:  # The runtime's errors if it cannot allocate memory vary.
            n, height, width, _ = images.shape
            count = "1 image" if n == 1 else f"{n} images"
            raise DataError(
                f"features of {count} of {height}×{width} could not be computed"
                f" ({first_line(error)})",
                Advice("if memory is too small, lower {}", Argument("image_size")),
            ) from error
        return np.asarray(features, np.float32)


def to_onnx(trunk: Trunk) -> Any:
    """The trunk as an ``onnx.ModelProto``: ``images`` (n, height, width, 3) uint8 → ``features``.

    Each batch normalisation is folded into its convolution's kernel and bias.
    """
    graph = Graph()
    x = graph.cast("images", "float32")
    x = graph.node("Div", graph.node("Sub", x, graph.constant(MEAN)), graph.constant(STD))
    x = graph.node("Transpose", x, perm=[0, 3, 1, 2])
    layers = iter(trunk.layers)
    for block in trunk.layout.blocks:
        y = x
        for _ in block.convolutions:
            y = _convolution(graph, next(layers), y)
        x = graph.node("Add", y, x) if block.adds else y
    graph.node("ReduceMean", x, name="features", axes=[2, 3], keepdims=0)
    fold_batch_normalization(graph)
    images: Sides = {"images": ("uint8", ["n", "height", "width", 3])}
    return graph.model(images, {"features": ("float32", ["n", trunk.channels])}, {})


def _convolution(graph: Graph, layer: Layer, x: str) -> str:
    """A convolution with its batch normalisation and its ReLU6, if it has one."""
    kernel, groups = layer.kernel, 1
    if layer.conv.depthwise:
        *window, groups, each = kernel.shape
        kernel = kernel.reshape(*window, 1, groups * each)
    strides = [layer.conv.strides] * 2
    x = graph.convolution(x, kernel, auto_pad="SAME_UPPER", group=groups, strides=strides)
    averages = {"mean": layer.mean, "variance": layer.variance}
    x = graph.batch_normalization(x, EPSILON, scale=layer.gamma, offset=layer.beta, **averages)
    if not layer.conv.relu6:
        return x
    return graph.node("Clip", x, graph.constant(0.0), graph.constant(6.0))
