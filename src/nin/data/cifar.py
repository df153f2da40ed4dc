"""CIFAR's binary version: records of label bytes and 3×32×32 pixels, in an archive, no pickle."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nin.errors import DataError

SIDE = 32
PIXELS = 3 * SIDE * SIDE


def parse(
    archive: bytes, members: Sequence[str], images: int, label_bytes: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the images (n, 32, 32, 3) and labels (n,) of some members of an archive.

    Args:
        archive: the ``.tar.gz`` file; nothing of it is written to disk.
        members: names inside it, in the order wanted.
        images: how many each member holds.
        label_bytes: 1 for CIFAR-10; 2 for CIFAR-100, whose second is the fine label.

    Raises:
        DataError: a member is missing or of another length.
    """
    record = label_bytes + PIXELS
    found = _members(archive, frozenset(members), images * record)
    if missing := [name for name in members if name not in found]:
        raise DataError(f"the CIFAR archive lacks {missing[0]}, or its length is wrong")
    records = np.concatenate([np.frombuffer(found[name], np.uint8) for name in members])
    records = records.reshape(-1, record)
    planes = records[:, label_bytes:].reshape(-1, 3, SIDE, SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, label_bytes - 1]


def _members(archive: bytes, names: frozenset[str], size: int) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.name in names else None
            if stream is not None and member.size == size:
                found[member.name] = stream.read()
    return found
