"""A network of Keras layers in an ONNX graph, with its class maps beside its logits."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras

from nin.errors import ExportError
from nin.exporting.onnx.layer_rules import Signal, as_rows, rule, values
from nin.models.geometry import flow, is_of_layers
from nin.onnx_graph.graph import Graph


class Written(NamedTuple):
    """The tensors of a network in the graph.

    Attributes:
        logits: (n, classes).
        maps: (n, classes, height, width); None if the logits are not the mean of maps.
        maps_size: (height, width) of the maps.
    """

    logits: str
    maps: str | None = None
    maps_size: tuple[int, int] = (1, 1)


def write_network(
    graph: Graph, net: Any, x: str, size: tuple[int, int], *, has_maps: bool
) -> Written:
    """Write all layers of `net`; sizes are known, so that pads are numbers.

    Args:
        graph: the graph to write to.
        net: of a `nin.models.Classifier`.
        x: (n, channels, height, width), the input of the first layer.
        size: its (height, width).
        has_maps: whether the logits are the mean of maps.

    Raises:
        ExportError: it has a layer that no network of this package has.
    """
    if not is_of_layers(net):
        raise ExportError(f"cannot export {net.name}: it does not compute layer by layer")
    before_average: list[Signal] = []
    linear: list[Any] = []

    def visit(layer: Any, signal: Any) -> Signal:
        if isinstance(layer, keras.layers.GlobalAveragePooling2D):
            before_average.append(signal)
        elif before_average and isinstance(layer, keras.layers.Dense):
            linear.append(layer)
        return rule(layer)(graph, layer, signal)

    logits = as_rows(graph, flow(net, Signal(x, size), visit)).name
    if not has_maps:
        return Written(logits)
    [features, *_] = before_average
    maps = features.name
    for dense in linear:
        kernel, bias = values(dense.kernel, dense.bias)
        maps = graph.convolution(maps, kernel[None, None], bias)
    return Written(logits, maps, features.size)
