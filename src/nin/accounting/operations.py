"""The cost of operations in a functional model that are not layers: ``x + y``, ``relu(x)``."""

from __future__ import annotations

from typing import Any

from nin.accounting.layers import Kind, LayerCost
from nin.errors import NinError

#: Keras's operation classes, which have no public names.
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(
        ("Absolute", "Add", "Cast", "Clip", "Divide", "Elu", "Exp", "Gelu", "HardSigmoid"),
        "elementwise",
    ),
    **dict.fromkeys(
        ("HardSilu", "HardTanh", "LeakyRelu", "Log", "Maximum", "Minimum", "Multiply", "Negative"),
        "elementwise",
    ),
    **dict.fromkeys(
        ("Power", "Relu", "Relu6", "Selu", "Sigmoid", "Silu", "Softmax", "Softplus", "Sqrt"),
        "elementwise",
    ),
    **dict.fromkeys(("Square", "Subtract", "Tanh", "TrueDivide"), "elementwise"),
    **dict.fromkeys(("ExpandDims", "Reshape", "Squeeze", "Transpose"), "view"),
    "Concatenate": "join",
    "Pad": "resampling",
}


def operation_cost(
    operation: Any, inputs: int, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> LayerCost:
    """The cost of an operation; no known operation has weights.

    Args:
        operation: a `keras.Operation` that is not a layer.
        inputs: number of arguments that are tensors of the network; the others are constants.
        args: its positional arguments, symbolic.
        kwargs: its keyword arguments.

    Raises:
        NinError: the operation is unknown.
    """
    name = type(operation).__name__
    ours = type(operation).__module__.startswith("keras.src.ops.")
    if not ours or name not in _KINDS:
        raise NinError(
            f"cannot count what the operation {name} ({operation.name}) computes:"
            " use a layer in its place"
        )
    shape = tuple(operation.compute_output_spec(*args, **kwargs).shape[1:])
    if None in shape:
        raise NinError(f"cannot find the output shape of the operation {name} ({operation.name})")
    kind = "join" if inputs > 1 and _KINDS[name] == "elementwise" else _KINDS[name]
    return LayerCost(kind, shape)
