"""Checks from its bytes what an ONNX file would make the machine do, before it is opened.

What `nin export` writes is a plain sequence of operations with all weights in the file. A
stranger's file may hold endless loops, functions that expand endlessly, or names of other files.
Only the few fields that matter are read here, since importing `onnx` would double a cold start.
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

from nin.errors import ExportError
from nin.inference.engines import CONTROL_FLOW, unlike_ours

#: Most operations of a network; the deepest of ours has a twentieth of them.
MOST_NODES = 20_000

#: Field numbers in ONNX's messages.
_GRAPH, _FUNCTIONS = 7, 25  # of a model
_NODE, _INITIALIZER, _SPARSE_INITIALIZER = 1, 5, 15  # of a graph
_ATTRIBUTE = 5  # of a node
_TENSOR, _SUBGRAPH, _TENSORS, _SUBGRAPHS, _SPARSE, _SPARSES = (
    5,
    6,
    10,
    11,
    22,
    23,
)  # of an attribute
_EXTERNAL_DATA = 13  # of a tensor

#: How protobuf writes a value: a number of any length, bytes after their length, a fixed length.
_NUMBER, _BYTES, _FIXED = 0, 2, {1: 8, 5: 4}
#: Bytes of the longest number.
_LONGEST = 10

Part = tuple[int, int]


def check(path: Path) -> None:
    """Refuse a file that does what no export of this package does.

    Raises:
        ExportError: it holds control flow, functions, sparse or external weights, or too many
            operations; or it cannot be read, or is not an ONNX file.
    """
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            problem = _fault(content)
    except OSError as error:
        raise ExportError(f"{path} cannot be opened: {error.strerror}") from error
    except (ValueError, IndexError) as error:
        raise ExportError(f"{path} cannot be opened: it is not an ONNX file") from error
    if problem:
        raise unlike_ours(path, problem)


def _fault(content: mmap) -> str | None:
    nodes = 0
    for number, part in _fields(content, (0, len(content))):
        if number == _FUNCTIONS:
            return "it defines functions"
        for inner, piece in _fields(content, part) if number == _GRAPH else ():
            nodes += inner == _NODE
            if nodes > MOST_NODES:
                return f"it has more than {MOST_NODES:,} operations"
            if problem := _fault_in_graph(content, inner, piece):
                return problem
    return None


def _fault_in_graph(content: mmap, number: int, part: Part) -> str | None:
    if number == _SPARSE_INITIALIZER:
        return "it has sparse weights"
    if number == _INITIALIZER:
        return _fault_in_tensor(content, part)
    attributes = (p for n, p in _fields(content, part) if n == _ATTRIBUTE)
    for attribute in attributes if number == _NODE else ():
        for inner, piece in _fields(content, attribute):
            if inner in (_SUBGRAPH, _SUBGRAPHS):
                return CONTROL_FLOW
            if inner in (_SPARSE, _SPARSES):
                return "it has sparse weights"
            if inner in (_TENSOR, _TENSORS) and (problem := _fault_in_tensor(content, piece)):
                return problem
    return None


def _fault_in_tensor(content: mmap, part: Part) -> str | None:
    if any(number == _EXTERNAL_DATA for number, _ in _fields(content, part)):
        return "it names other files for its weights"
    return None


def _fields(content: mmap, part: Part) -> Iterator[tuple[int, Part]]:
    """The fields of a message that hold bytes: their numbers, and where the bytes are."""
    position, end = part
    while position < end:
        tag, position = _number(content, position)
        if tag >= 2**32:  # Readers in C++ take its lower half for the tag.
            raise ValueError("a field has a number that protobuf does not have")
        kind = tag & 7
        if kind == _BYTES:
            size, position = _number(content, position)
            if size > end - position:
                raise ValueError("a field is longer than its message")
            yield tag >> 3, (position, position + size)
            position += size
        elif kind == _NUMBER:
            _, position = _number(content, position)
        else:
            position += _FIXED.get(kind, len(content))
    if position != end:
        raise ValueError("a message ends within a field")


def _number(content: mmap, position: int) -> tuple[int, int]:
    """A number, seven bits per byte, and the position after it."""
    value = 0
    for place in range(_LONGEST):
        byte = content[position + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, position + place + 1
    raise ValueError("a number has no end")
