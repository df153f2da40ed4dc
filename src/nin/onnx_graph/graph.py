"""`Graph`: an ONNX graph that is written from its inputs to its outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nin._version import __version__

#: Versions that every runtime of the last years reads.
IR_VERSION, OPSET = 9, 17
#: The first version with the DequantizeLinear that ONNX Runtime's quantisation writes.
QUANTIZED_OPSET = 19

#: Name → type and shape.
Sides = Mapping[str, tuple[str, Sequence[int | str]]]

_TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "uint8": TensorProto.UINT8}


class Graph:
    """Nodes and constants; names are numbered from 1, so that a network always has the same names.

    Attributes:
        nodes: ``onnx.NodeProto``, in the order in which they are computed.
        arrays: the constants by name.
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.arrays: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._scope = ""

    @contextmanager
    def within(self, scope: str) -> Iterator[None]:
        """Begin names in the block with ``scope/``."""
        outer, self._scope = self._scope, f"{self._scope}{scope}/"
        yield
        self._scope = outer

    def name(self, kind: str) -> str:
        """A new name: the kind and a number."""
        self._counts[self._scope + kind] += 1
        return f"{self._scope}{kind}{self._counts[self._scope + kind]}"

    def node(self, operation: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Add a node with one output.

        Args:
            operation: an ONNX operator, such as ``"Conv"``.
            inputs: names of tensors; ``""`` for an optional one that is left out.
            name: name of the node and of its output; by default the operation and a number.
            attributes: those of the operation.

        Returns:
            That name.
        """
        name = name or self.name(operation)
        self.nodes.append(helper.make_node(operation, inputs, [name], name, **attributes))
        return name

    def constant(self, value: Any, dtype: str = "float32") -> str:
        """Add a number or an array, and return its name; equal constants are stored once."""
        array = np.asarray(value, dtype)
        key = f"constant {dtype} {array.tolist()}"
        if key not in self._names:
            self._names[key] = self.array(self.name("constant"), array)
        return self._names[key]

    def array(self, name: str, array: Any) -> str:
        """Add an array under a name of its own, and return that name."""
        self.arrays[name] = np.ascontiguousarray(array)
        return name

    def convolution(self, x: str, kernel: Any, *bias: Any, **attributes: Any) -> str:
        """Add a convolution.

        Args:
            x: (n, channels, height, width).
            kernel: (height, width, input channels per group, output channels), as in Keras.
            bias: (output channels,), or none.
            attributes: ``strides``, ``pads``, ``group``.

        Returns:
            The name of its output.
        """
        name = self.name("Conv")
        weight = self.array(f"{name}/kernel", kernel.transpose(3, 2, 0, 1))
        offset = [self.array(f"{name}/bias", values) for values in bias]
        attributes = {"kernel_shape": kernel.shape[:2], **attributes}
        return self.node("Conv", x, weight, *offset, name=name, **attributes)

    def batch_normalization(self, x: str, epsilon: float, **parts: Any) -> str:
        """Add a batch normalisation.

        Args:
            x: (n, channels, ...).
            epsilon: added to the variance.
            parts: ``scale``, ``offset``, ``mean`` and ``variance``, in this order: (channels,).

        Returns:
            The name of its output.
        """
        name = self.name("BatchNormalization")
        constants = [self.array(f"{name}/{part}", values) for part, values in parts.items()]
        return self.node("BatchNormalization", x, *constants, name=name, epsilon=epsilon)

    def rename(self, name: str, to: str) -> None:
        """Rename a tensor wherever it is made or used."""
        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [to if each == name else each for each in names]

    def cast(self, tensor: str, dtype: str) -> str:
        """`tensor` converted to another type."""
        return self.node("Cast", tensor, to=_TYPES[dtype])

    def model(
        self,
        inputs: Sides,
        outputs: Sides,
        metadata: Mapping[str, str],
        opset: int = OPSET,
    ) -> Any:
        """The finished ``onnx.ModelProto``; `onnx.checker` has checked it.

        Args:
            inputs: name → type and shape; a side that is free has a name in place of a number.
            outputs: likewise.
            metadata: stored in the file.
            opset: version of ONNX's operators.
        """
        constants = [numpy_helper.from_array(array, name) for name, array in self.arrays.items()]
        graph = helper.make_graph(self.nodes, "nin", _infos(inputs), _infos(outputs), constants)
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", opset)],
            ir_version=IR_VERSION,
            producer_name="nin",
            producer_version=__version__,
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        return model


def _infos(sides: Sides) -> list[Any]:
    return [
        helper.make_tensor_value_info(name, _TYPES[dtype], shape)
        for name, (dtype, shape) in sides.items()
    ]
