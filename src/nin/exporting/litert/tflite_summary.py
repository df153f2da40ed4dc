"""What a LiteRT model needs from a device: its operators, and the memory that it computes in."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

#: Alignment of tensors in the arena, in bytes.
_ALIGNMENT = 16
_FLOATS = ("FLOAT32", "FLOAT16")
_BYTES = {"FLOAT32": 4, "INT32": 4, "INT64": 8, "FLOAT16": 2, "INT16": 2}


class TfliteSummary(NamedTuple):
    """What a LiteRT model needs from a device.

    Attributes:
        memory: bytes for the tensors between its operators, inputs and outputs included: what the
            greedy planner of LiteRT for Microcontrollers needs. Runtimes add buffers of their own.
        operators: names of its operators, sorted.
        in_floats: those of them that compute in floats.
    """

    memory: int
    operators: tuple[str, ...]
    in_floats: tuple[str, ...]


class _Tensor(NamedTuple):
    """Bytes, and the first and last operator during which they are needed."""

    bytes: int
    first: int
    last: int


def summarise(content: bytes) -> TfliteSummary:
    """Read a LiteRT model of fixed size."""
    from ai_edge_litert import schema_py_generated as schema

    names = {number: name for name, number in vars(schema.BuiltinOperator).items()}
    kinds = {number: name for name, number in vars(schema.TensorType).items() if name[0] != "_"}
    model = schema.ModelT.InitFromPackedBuf(content)
    [graph] = model.subgraphs
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    uses = [(names[codes[each.opcodeIndex]], _ends(each)) for each in graph.operators]
    floats = {
        name
        for name, ends in uses
        if any(kinds[graph.tensors[index].type] in _FLOATS for index in ends)
    }
    tensors = _lifetimes(model, graph, [ends for _, ends in uses], kinds)
    operators = sorted({name for name, _ in uses})
    return TfliteSummary(arena(tensors), tuple(operators), tuple(sorted(floats)))


def _ends(operator: Any) -> list[int]:
    return [int(index) for index in (*operator.inputs, *operator.outputs) if index >= 0]


def _lifetimes(model: Any, graph: Any, uses: list[list[int]], kinds: Any) -> list[_Tensor]:
    when: dict[int, list[int]] = {int(index): [0] for index in graph.inputs}
    for number, ends in enumerate(uses):
        for index in ends:
            when.setdefault(index, []).append(number)
    for index in graph.outputs:
        when[int(index)].append(len(uses) - 1)
    found = []
    for index, numbers in when.items():
        tensor = graph.tensors[index]
        data = model.buffers[tensor.buffer].data
        if data is None or not len(data):
            size = math.prod(map(int, tensor.shape)) * _BYTES.get(kinds[tensor.type], 1)
            found.append(_Tensor(-(-size // _ALIGNMENT) * _ALIGNMENT, min(numbers), max(numbers)))
    return found


def arena(tensors: list[_Tensor]) -> int:
    """Bytes that hold all tensors while they are needed, the largest placed first.

    This is "greedy by size" of Pisarchyk and Lee (2020), *Efficient Memory Management for Deep
    Neural Net Inference*.
    """
    placed: list[tuple[int, _Tensor]] = []
    for tensor in sorted(tensors, key=lambda each: (-each.bytes, each.first)):
        start = 0
        for offset, other in sorted(placed):
            meets = tensor.first <= other.last and other.first <= tensor.last
            if not meets:
                continue
            if offset - start >= tensor.bytes:
                break
            start = max(start, offset + other.bytes)
        placed.append((start, tensor))
    return max((offset + tensor.bytes for offset, tensor in placed), default=0)
