"""`TarShards`: pictures in tar files, each named ``shards/train-000.tar/000123.jpg``."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data.storage.listing_cache import kept_listing
from nin.data.storage.remote_files import REMOTE
from nin.data.storage.shard_file import (
    LARGEST,
    Stamp,
    check_unchanged,
    missing,
    stamp_of,
)
from nin.data.storage.shard_reader import ShardReader
from nin.data.storage.tar_members import TarMembers, read_members
from nin.urls import is_url

ENDING = ".tar"


class TarTable(NamedTuple):
    """Where the members of a tar file are: 24 bytes for each.

    Attributes:
        stamp: size and time of the file.
        keys: (n,), digests of the members' names, sorted.
        starts: (n,), in bytes from the beginning of the file.
        sizes: (n,), in bytes.
    """

    stamp: Stamp
    keys: NDArray[np.uint64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def find(self, name: str) -> tuple[int, int] | None:
        """Start and size of a member; None if there is none of that name."""
        [key] = _digests([name])
        row = int(np.searchsorted(self.keys, key))
        if row == len(self.keys) or self.keys[row] != key:
            return None
        return int(self.starts[row]), int(self.sizes[row])


class TarShards(ShardReader[TarTable]):
    """Reads members of tar files by their position; see `PictureStore`.

    A tar file's headers are read once, when it is listed or first read from.
    """

    ending = ENDING

    def members(self, path: str) -> TarMembers:
        """List a tar file, even if it was listed before.

        Raises:
            DataError: see `nin.data.storage.tar_members.read_members`.
        """
        stamp = stamp_of(path)
        found = kept_listing(
            "members 2", path, lambda: read_members(path), _to_json, TarMembers.from_lists
        )
        keys = _digests(found.names)
        order = np.argsort(keys)
        table = TarTable(stamp, keys[order], found.starts[order], found.sizes[order])
        self._tables[path] = table
        return found

    def read(self, name: str) -> bytes:
        """All bytes of a member."""
        size = self.size(name)
        if size > LARGEST:
            raise OSError(errno.EFBIG, f"{size:,} bytes in a shard: above {LARGEST:,}", name)
        [content] = self.read_at(name, [(0, size)])
        return content

    def read_at(self, name: str, places: Sequence[tuple[int, int]]) -> list[bytes]:
        """Pieces of a member, each by its start and length; shorter at the end of the member."""
        path, table, begin, size = self._found(name)
        if is_url(path):
            inside = [(begin + at, max(0, min(length, size - at))) for at, length in places]
            return REMOTE.read_at(path, inside)
        file = os.open(path, os.O_RDONLY)
        try:
            check_unchanged(os.fstat(file), table.stamp, path, name)
            return [
                os.pread(file, max(0, min(length, size - start)), begin + start)
                for start, length in places
            ]
        finally:
            os.close(file)

    def size(self, name: str) -> int:
        """Size of a member in bytes."""
        return self._found(name)[-1]

    def _list(self, path: str) -> None:
        self.members(path)

    def _found(self, name: str) -> tuple[str, TarTable, int, int]:
        path, table, member = self._located(name)
        place = table.find(member)
        if place is None:
            raise missing(name, f"{path} holds no such picture")
        return path, table, *place


def _to_json(members: TarMembers) -> list[Any]:
    names, starts, sizes, passed_over = members
    return [names, starts.tolist(), sizes.tolist(), passed_over]


def _digests(names: Iterable[str]) -> NDArray[np.uint64]:
    encoded = (name.encode(errors="surrogateescape") for name in names)
    digests = b"".join(blake2b(each, digest_size=8).digest() for each in encoded)
    return np.frombuffer(digests, "<u8").astype(np.uint64)
