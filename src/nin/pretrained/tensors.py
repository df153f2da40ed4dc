"""Reads the tensors in a file that PyTorch wrote before version 1.6, without PyTorch.

Such a file is five pickles and then the numbers. Unpickling can execute anything, so this unpickler
allows an ordered dictionary, tensors and storages of two kinds, and refuses every other name. No
memory is taken for contents that a file only claims to have.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import textwrap
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.errors import WeightsError

Tensors = dict[str, NDArray[Any]]

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_TYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}
#: The opcodes in PyTorch's pickles. Others may take memory before they are found to be truncated.
_OPCODES = {
    *("PROTO", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2"),
    *("LONG1", "BINUNICODE", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST"),
    *("APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS", "BINPUT", "LONG_BINPUT", "BINGET"),
    *("LONG_BINGET", "GLOBAL", "REDUCE", "BUILD", "BINPERSID"),
}
#: Errors that a damaged or hostile pickle causes in an unpickler.
_DAMAGE = (
    *(pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError),
    *(AttributeError, MemoryError, OverflowError, RecursionError, UnicodeError),
)


def read_tensors(content: bytes) -> Tensors:
    """The tensors by name, in the file's order.

    Args:
        content: the bytes of the whole file.

    Raises:
        WeightsError: it is damaged, not such a file, or holds anything but tensors.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # About escapes in text whose opcode is refused.
            return _read(io.BytesIO(content), len(content))
    except _DAMAGE as error:
        reason = textwrap.shorten(str(error), 100)
        raise WeightsError(f"not a file of tensors as PyTorch wrote them: {reason}") from error


class _Tensor(NamedTuple):
    """A tensor's position in a storage; offset and strides count numbers, not bytes."""

    storage: str
    dtype: np.dtype[Any]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _read(file: io.BytesIO, size: int) -> Tensors:
    if _unpickled(file, _Plain) != _MAGIC or _unpickled(file, _Plain) != _PROTOCOL:
        raise ValueError("it begins with other numbers")
    if not _unpickled(file, _Plain).get("little_endian"):
        raise ValueError("its numbers are big-endian")
    described = _unpickled(file, _Unpickler)
    storages = dict.fromkeys(_unpickled(file, _Plain), b"")
    types = {tensor.storage: tensor.dtype for tensor in described.values()}
    for key in storages:
        count = int.from_bytes(file.read(8), "little")
        storages[key] = file.read(min(count * types[key].itemsize, size))
    return {name: _array(tensor, storages[tensor.storage]) for name, tensor in described.items()}


def _array(tensor: _Tensor, storage: bytes) -> NDArray[Any]:
    numbers = np.frombuffer(storage, tensor.dtype)
    steps = [(side - 1) * step for side, step in zip(tensor.shape, tensor.strides, strict=True)]
    size = math.prod(tensor.shape)
    if size == 0 or min(tensor.offset, 0, *steps) < 0:
        raise ValueError("a tensor of no size")
    if size > len(numbers) or tensor.offset + sum(steps) >= len(numbers):
        raise ValueError("a tensor beyond the end of its storage")
    strides = [step * tensor.dtype.itemsize for step in tensor.strides]
    view = np.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, strides)
    return np.array(view, order="C")


def _unpickled(file: io.BytesIO, kind: type[_Unpickler]) -> Any:
    begun = file.tell()
    opcodes: Iterator[tuple[Any, Any, Any]] = pickletools.genops(file)
    for number, (opcode, argument, _) in enumerate(opcodes):
        # The memo is filled in order; an index far beyond its end would take memory up to there.
        is_far = opcode.name == "LONG_BINPUT" and argument > number
        if opcode.name not in _OPCODES or is_far:
            raise pickle.UnpicklingError(f"it contains {opcode.name}")
    file.seek(begun)
    return kind(file).load()


class _Unpickler(pickle.Unpickler):
    """Allows tensors and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        known: dict[tuple[str, str], Callable[..., Any] | str] = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): _rebuilt,
            **{("torch", kind): kind for kind in _TYPES},
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> tuple[str, np.dtype[Any]]:
        kind, storage_type, key, *_ = pid
        if kind != "storage":
            raise pickle.UnpicklingError("it refers to something else than a storage")
        return str(key), _TYPES[storage_type]


class _Plain(_Unpickler):
    """Allows only numbers, strings, lists and dictionaries."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it refers to {module}.{name}")


def _rebuilt(
    storage: tuple[str, np.dtype[Any]], offset: int, shape: Any, strides: Any, *_: Any
) -> _Tensor:
    return _Tensor(*storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))
