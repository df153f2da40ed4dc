"""Numbers in a safetensors file, which may come from a stranger; read without Keras."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from nin.errors import RunError

Arrays = dict[str, np.ndarray[Any, Any]]


def read_arrays(path: Path) -> Arrays:
    """Every array in a file, by name.

    Raises:
        RunError: the file is missing, damaged or of another format.
    """
    with opening(path):
        return load_file(path)


@contextmanager
def opening(path: Path) -> Iterator[None]:
    """Within this whatever keeps a safetensors file from being read is a `RunError`."""
    try:
        if path.exists() and not path.is_file():
            raise OSError("not an ordinary file")
        yield
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing") from error
    except (OSError, SafetensorError, ValueError, KeyError, AttributeError) as error:
        raise RunError(f"{path} is damaged or no safetensors file: {error}") from error
