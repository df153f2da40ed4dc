"""`DigestIndex`: a cache of the digests of files, valid as long as the files do not change.

A picture is looked up by its path and the version of its file, or of the shard that it is in: see
`nin.data.storage.listing_cache.file_version`. If the version is uncertain, nothing is cached.
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

#: For fewer files nothing is cached: they are read in a second.
LEAST = 10_000

#: The most digests to keep for one folder before those of other files are dropped, and the most
#: bytes for all folders.
MOST, LIMIT = 4_000_000, 500 * 10**6

_FORMAT = "digests 2"

#: An entry: two numbers that identify a file, and the digest of its content.
_ROW = np.dtype([("key", "<u8"), ("check", "<u8"), ("digest", "<u8")])
_NO_KEY = bytes(16)

#: Keys (n, 2) of files, uint64; zeros for files that may not be cached.
Keys = NDArray[np.uint64]


class DigestIndex:
    """Digests of the files below one folder, kept in one file with 24 bytes for each.

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
        """Whether each file (n,) is known, and its digest, or 0 if it is not."""
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
        """Add the digests of files to those kept; all of them, including those that `find` knew."""
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
    """The keys of pictures, 16 bytes each: the rows of `Keys`, joined.

    Args:
        paths: the pictures.
        root: the folder; names are relative to it.
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
