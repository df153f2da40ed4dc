"""`DigestIndex`: the digests of files that have not changed since they were read, kept in a cache.

What a file system says of a file stands for its content: its path, size, number, and when it and
what is said of it were changed last, to the nanosecond; of a picture in a shard what it says of
the shard. A file that was changed so shortly before that a further change might show the same times
is not kept.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nin.data.storage.cache_folder import CacheFolder
from nin.data.storage.picture_store import file_of

#: Of fewer files nothing is kept: they are read in a second.
LEAST = 10_000

#: Digests that are kept of one folder, before those of files that have gone are forgotten; and
#: bytes of all folders.
MOST, LIMIT = 4_000_000, 500 * 10**6

#: The coarsest times that a file system keeps (FAT's), in nanoseconds.
_COARSE = 2 * 10**9

_FORMAT = "digests 1"

#: What is kept of a file: two numbers by which it is known, and the digest of its content.
_ROW = np.dtype([("key", "<u8"), ("check", "<u8"), ("digest", "<u8")])
_NO_KEY = bytes(16)

#: Keys (n, 2) of files, uint64; zeros for those of which nothing may be kept.
Keys = NDArray[np.uint64]


class DigestIndex:
    """Digests of the files below one folder, in a file of 24 bytes for each.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self._name = f"{_FORMAT} {root.resolve()}"
        self._cache = CacheFolder("digests", LIMIT)
        found = self._cache.get(self._name) or b""
        whole = len(found) % _ROW.itemsize == 0
        self._rows = np.frombuffer(found if whole else b"", _ROW)

    def find(self, keys: Keys) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
        """Whether each file (n,) is known, and its digest, 0 where it is not."""
        digests = np.zeros(len(keys), np.uint64)
        known = np.zeros(len(keys), bool)
        if len(self._rows):
            at = np.searchsorted(self._rows["key"], keys[:, 0])
            at[at == len(self._rows)] = 0
            rows = self._rows[at]
            known = (rows["key"] == keys[:, 0]) & (rows["check"] == keys[:, 1]) & keys.any(axis=1)
            digests[known] = rows["digest"][known]
        return known, digests

    def keep(self, keys: Keys, digests: NDArray[np.uint64]) -> None:
        """Keep the digests of files as well, those that `find` found among them."""
        rows = np.zeros(len(keys), _ROW)
        rows["key"], rows["check"], rows["digest"] = keys[:, 0], keys[:, 1], digests
        rows = rows[keys.any(axis=1)]
        if len(self._rows) + len(rows) <= MOST:
            rows = np.concatenate([rows, self._rows])
        _, first = np.unique(rows["key"], return_index=True)
        if len(rows):
            self._rows = rows[first]
            self._cache.put(self._name, self._rows.tobytes())


def file_keys(paths: Sequence[str], root: Path) -> bytes:
    """What stands for the content of each file, 16 bytes: the rows of `Keys`, one after another.

    Args:
        paths: the files.
        root: the folder; names count from there.
    """
    above = str(root)
    settled = time.time_ns() - _COARSE
    return b"".join(_key(path, path.removeprefix(above), settled) for path in paths)


def _key(path: str, name: str, settled: int) -> bytes:
    try:
        found = os.stat(file_of(path))  # noqa: PTH116
    except OSError:
        return _NO_KEY
    if not stat.S_ISREG(found.st_mode) or max(found.st_mtime_ns, found.st_ctime_ns) > settled:
        return _NO_KEY
    state = f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino} {found.st_dev}"
    return blake2b(state.encode() + b"\0" + os.fsencode(name), digest_size=16).digest()
