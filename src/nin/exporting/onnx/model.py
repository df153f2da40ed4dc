"""A trained network as one ONNX model: uint8 images in, probabilities and class maps out."""

from __future__ import annotations

import json
from typing import Any

from onnx.checker import ValidationError
from onnx.shape_inference import InferenceError

from nin.errors import ExportError, first_line
from nin.exporting.onnx.network import write_network
from nin.exporting.onnx.onnx_preprocessing import (
    SCOPE,
    of_shape,
    resize_again,
    resize_images,
    standardise,
)
from nin.inference.input_spec import InputSpec
from nin.inference.metadata import KEY
from nin.models.geometry import has_class_maps
from nin.models.preprocessing import Preprocessing
from nin.onnx_graph.folding import fold_batch_normalization
from nin.onnx_graph.graph import OPSET, Graph


def to_onnx(model: Any, description: dict[str, Any], opset: int = OPSET) -> Any:
    """Write a network.

    The graph takes ``images`` in the form of the description; without one, (n, height,
    width, channels) uint8 of any number and size, which it resizes. It returns ``probabilities``,
    (n, classes) float32, and, if the description has them, ``maps``, float32, in the same layout:
    a map's mean is the class's logit. With a fixed size, it has only the operators of a plain
    convolutional network.

    Args:
        model: a built `nin.models.Classifier`.
        description: stored with it, plain JSON; see `nin.exporting.describe`.
        opset: version of ONNX's operators.

    Returns:
        An ``onnx.ModelProto``, byte for byte the same from every backend.

    Raises:
        ExportError: it has a layer that no network of this package has, or is no valid ONNX model.
    """
    form = InputSpec.of(description) or InputSpec(description["input_shape"][2])
    graph = Graph()
    with graph.within(SCOPE):
        x, size = _preprocessed(graph, model.preprocessing, description, form)
    written = write_network(graph, model.net, x, size, has_maps=has_class_maps(model.net))
    graph.node("Softmax", written.logits, name="probabilities", axis=1)
    n, classes = form.batch or "n", len(description["classes"])
    outputs: dict[str, Any] = {"probabilities": ("float32", [n, classes])}
    if description["maps"] and written.maps:
        if form.layout == "nhwc":
            graph.node("Transpose", written.maps, name="maps", perm=[0, 2, 3, 1])
            outputs["maps"] = ("float32", [n, *written.maps_size, classes])
        else:
            graph.rename(written.maps, "maps")
            outputs["maps"] = ("float32", [n, classes, *written.maps_size])
    fold_batch_normalization(graph)
    inputs = {"images": (form.dtype, form.shape)}
    try:
        return graph.model(inputs, outputs, {KEY: json.dumps(description)}, opset)
    except (ValidationError, InferenceError) as error:
        raise ExportError(f"cannot write it as ONNX: {first_line(error)}") from error


def _preprocessed(
    graph: Graph, preprocessing: Preprocessing, description: dict[str, Any], form: InputSpec
) -> tuple[str, tuple[int, int]]:
    """The input of the first layer, and its height and width."""
    height, width, channels = description["input_shape"]
    if form.size is None:
        mode = description.get("fit", "squash")
        x = resize_images(graph, "images", (height, width, channels), mode)
        x = resize_again(graph, x, preprocessing.size)
        size = preprocessing.size or (height, width)
        x = of_shape(graph, x, (0, channels, *size))
        return standardise(graph, x, preprocessing, channels), size
    size = (form.size, form.size)
    x = standardise(graph, _as_they_are(graph, form), preprocessing, channels)
    return of_shape(graph, x, (form.batch or 0, channels, *size)), size


def _as_they_are(graph: Graph, form: InputSpec) -> str:
    x = "images" if form.type == "float" else graph.cast("images", "float32")
    return graph.node("Transpose", x, perm=[0, 3, 1, 2]) if form.layout == "nhwc" else x
