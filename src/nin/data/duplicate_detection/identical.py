"""Files with the same bytes, found without reading those that cannot equal any other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from hashlib import blake2b
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from nin.data.folders.content import Digests
from nin.data.pictures import WORKERS
from nin.data.storage.picture_store import open_stored, read_pieces, stored_size
from nin.progress import progress

#: Bytes at the end of a file that are compared before all of it is read. Beginnings do not help:
#: pictures from one camera begin alike.
_END = 4096

#: How many bytes of a file are in memory at a time when all of it is read.
_PIECE = 2**18


def identical_files(paths: Sequence[str], digests: Digests | None = None) -> NDArray[np.intp]:
    """For each file, the position of the first one with the same bytes, which may be its own.

    Sizes are compared first, then the files' ends, or digests instead of both; only files that
    still agree are read whole. Empty files, and those that cannot be read, equal no other.

    Args:
        paths: the files.
        digests: (n,), digests of their content, if they are known.
    """
    first = np.arange(len(paths))
    groups = [list(range(len(paths)))] if digests is None else _of_one_digest(digests)
    with ThreadPoolExecutor(WORKERS) as pool:
        for key in (_size, _end, _whole) if digests is None else (_whole,):
            groups = _divided(groups, key, paths, pool)
    for group in groups:
        first[group] = group[0]
    return first


def _divided(
    groups: list[list[int]],
    key: Callable[[str], Hashable],
    paths: Sequence[str],
    pool: Executor,
) -> list[list[int]]:
    """Divide groups by key; a file without a key, or the only one with its key, drops out."""
    rows = [(number, row) for number, group in enumerate(groups) for row in group]
    rows.sort(key=itemgetter(1))  # So that neighbours in a shard are read together.
    found: defaultdict[tuple[int, Hashable], list[int]] = defaultdict(list)
    with progress("comparing files", len(rows)) as advance:
        keys = pool.map(key, (paths[row] for _, row in rows))
        for (number, row), value in zip(rows, keys, strict=True):
            advance(1)
            if value is not None:
                found[number, value].append(row)
    return [group for group in found.values() if len(group) > 1]


def _of_one_digest(digests: Digests) -> list[list[int]]:
    order = np.argsort(digests, kind="stable")
    ends = np.flatnonzero(np.diff(digests[order])) + 1
    return [group.tolist() for group in np.split(order, ends) if len(group) > 1]


def _size(path: str) -> int | None:
    try:
        return stored_size(path) or None
    except OSError:
        return None


def _end(path: str) -> bytes | None:
    try:
        [end] = read_pieces(path, [(max(0, stored_size(path) - _END), _END)])
        return blake2b(end, digest_size=16).digest()
    except OSError:
        return None


def _whole(path: str) -> bytes | None:
    digest = blake2b()
    try:
        with open_stored(path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
            is_empty = not file.tell()
        return None if is_empty else digest.digest()
    except OSError:
        return None
