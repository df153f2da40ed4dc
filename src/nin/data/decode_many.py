"""Many pictures at once: all decoded into one array, every bad one accounted for, or all sized."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nin.data.decode import Fit, decode
from nin.data.progress import progress
from nin.errors import DataError


def read_pictures(
    paths: Sequence[str], size: int, channels: int, fit: Fit = "squash"
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """Decode pictures to squares; none stops the others.

    Args:
        paths: the files.
        size: side of the squares, in pixels.
        channels: 3 for RGB, 1 for grey.
        fit: which part of a picture fills its square; see `nin.data.decode.decode`.

    Returns:
        The images (n, size, size, channels), and for each position that could not be read why;
        those images are undefined.
    """
    images = np.empty((len(paths), size, size, channels), np.uint8)

    def read(index: int) -> str | None:
        try:
            images[index] = decode(paths[index], size, channels, fit)
        except DataError as error:
            return str(error)
        return None

    faults = {}
    with (
        ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool,
        progress("reading pictures", len(paths)) as advance,
    ):
        for index, fault in enumerate(pool.map(read, range(len(paths)))):
            advance(1)
            if fault is not None:
                faults[index] = fault
    return images, faults


def names_and_sizes(paths: Sequence[str], root: Path) -> Iterator[bytes]:
    """Give for each file its path below `root` and its size in bytes; -1 for one that is missing.

    Args:
        paths: the files, all below `root` and written as it is.
        root: the folder.
    """
    above = len(str(root / "_")) - 1
    with progress("looking at files", len(paths)) as advance:
        for number, path in enumerate(paths):
            if number % 1000 == 0:
                advance(1000)
            name = os.fsencode(path[above:])
            yield b"%s\0%d\0" % (name, _size(Path(path)))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
