"""A trained network as one ONNX model: uint8 images in, probabilities and class maps out."""

from __future__ import annotations

import json
from typing import Any

from nin.exporting.onnx.graph import Graph
from nin.exporting.onnx.network import write_network
from nin.exporting.onnx.onnx_preprocessing import SCOPE, resize_images, standardise
from nin.inference.metadata import KEY
from nin.models.geometry import has_class_maps


def to_onnx(model: Any, description: dict[str, Any]) -> Any:
    """Write a network.

    The graph takes ``images``, (n, height, width, channels) uint8 of any number and size, with 1, 3
    or 4 channels; it gives ``probabilities``, (n, classes) float32, and, where the description says
    so, ``maps``, (n, map height, map width, classes) float32: a map's mean is the class's logit.

    Args:
        model: a built `nin.models.Classifier`.
        description: stored with it, plain JSON; see `nin.exporting.describe`.

    Returns:
        An ``onnx.ModelProto``, byte for byte the same from every backend.

    Raises:
        ExportError: a layer that no network of this package has.
    """
    height, width, channels = description["input_shape"]
    classes = len(description["classes"])
    graph = Graph()
    resize_mode = description.get("fit", "squash")
    with graph.within(SCOPE):
        x = resize_images(graph, "images", (height, width, channels), resize_mode)
        x = standardise(graph, x, model.preprocessing)
    written = write_network(graph, model.net, x, has_maps=has_class_maps(model.net))
    graph.node("Softmax", written.logits, name="probabilities", axis=1)
    outputs: dict[str, Any] = {"probabilities": ("float32", ["n", classes])}
    if description["maps"] and written.maps:
        graph.node("Transpose", written.maps, name="maps", perm=[0, 2, 3, 1])
        outputs["maps"] = ("float32", ["n", "map_height", "map_width", classes])
    inputs = {"images": ("uint8", ["n", "height", "width", "channels"])}
    metadata = {KEY: json.dumps(description)}
    return graph.model(inputs, outputs, metadata)
