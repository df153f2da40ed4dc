"""Reads safetensors files, which need not be trusted, without Keras."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file

from nin.errors import RunError

Arrays = dict[str, np.ndarray[Any, Any]]


def read_arrays(path: Path) -> Arrays:
    """Every array in a file, by name.

    Raises:
        RunError: the file is missing, damaged or of another format.
    """
    with _readable(path):
        return load_file(path)


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every array in a file, by name; only its header is read.

    Raises:
        RunError: see `read_arrays`.
    """
    with _readable(path), safe_open(path, framework="numpy") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


def read_metadata(path: Path) -> dict[str, str]:
    """The text metadata that a file holds besides its arrays.

    Raises:
        RunError: see `read_arrays`.
    """
    with _readable(path), safe_open(path, framework="numpy") as file:
        return dict(file.metadata() or {})


def count_weights(path: Path) -> int:
    """The number of network weights in a file; only its header is read.

    A checkpoint's states of the optimiser and of dropout are not counted.

    Raises:
        RunError: see `read_arrays`.
    """
    shapes = read_shapes(path)
    return sum(math.prod(shape) for name, shape in shapes.items() if name[:1].isdecimal())


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Within this block, any failure to read a safetensors file becomes a `RunError`."""
    try:
        if path.exists() and not path.is_file():
            raise OSError("not an ordinary file")
        yield
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing") from error
    except (OSError, SafetensorError, ValueError, KeyError, AttributeError) as error:
        raise RunError(f"{path} is damaged, or not a safetensors file: {error}") from error
