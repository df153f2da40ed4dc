"""The IDX format of MNIST and Fashion-MNIST: a big-endian header, then unsigned bytes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nin.errors import DataError


def parse(content: bytes, dimensions: int) -> NDArray[np.uint8]:
    """Return the array that an IDX file of unsigned bytes holds, as a view of `content`.

    Args:
        content: the file, decompressed.
        dimensions: how many axes it should have: 3 for images, 1 for labels.

    Raises:
        DataError: the header announces something else than what is there.
    """
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes((0, 0, 8, dimensions)):
        raise DataError(f"not an IDX file of unsigned bytes with {dimensions} dimensions")
    shape = [int(side) for side in np.frombuffer(content[4:start], ">u4")]
    if len(content) - start != math.prod(shape):
        raise DataError(f"IDX file: {len(content) - start} bytes for an array of {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
