"""`DigestIndex`: the digests of files that have not changed since they were read, kept in a cache.

What stands for a picture's content is its path and the version of its file, or of the shard that it
is in: see `nin.data.storage.listing_cache.file_version`. Where that is not certain nothing is kept.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nin.data.storage.cache_folder import CacheFolder
from nin.data.storage.listing_cache import file_version
from nin.data.storage.picture_store import file_of

#: Of fewer files nothing is kept: they are read in a second.
LEAST = 10_000

#: Digests that are kept of one folder, before those of files that have gone are forgotten; and
#: bytes of all folders.
MOST, LIMIT = 4_000_000, 500 * 10**6

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
    """What stands for the content of each picture, 16 bytes: the rows of `Keys`, one by one.

    Args:
        paths: the pictures.
        root: the folder; names count from there.
    """
    above = str(root)
    shards: dict[str, str | None] = {}
    return b"".join(_key(path, path.removeprefix(above), shards) for path in paths)


def _key(path: str, name: str, shards: dict[str, str | None]) -> bytes:
    file = file_of(path)
    version = shards[file] if file in shards else file_version(file)
    if file != path:
        shards[file] = version
    if version is None:
        return _NO_KEY
    return blake2b(version.encode() + b"\0" + os.fsencode(name), digest_size=16).digest()
