"""The bytes of a picture by its name, wherever they are; everything that reads pictures uses this.

A name is readable text: the path of a file, or that of a shard followed by the name of a picture in
it, ``shards/train-000.tar/000123.jpg``. Elsewhere only the name of a picture is kept, so that a set
of a million takes 120 MB, and another process that is given the name finds the same bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from os import PathLike, fspath
from typing import IO, Protocol

from nin.data.storage.local_files import LocalFiles
from nin.data.storage.parquet_shards import ParquetShards
from nin.data.storage.remote_files import REMOTE
from nin.data.storage.tar_shards import TarShards
from nin.urls import is_url

#: Threads that read over a network.
WAITING = 16
#: Files below this size in bytes are small; this many are checked.
SMALL_BYTES, SAMPLE = 4096, 16


class PictureStore(Protocol):
    """Where pictures are stored; may be called by several threads at once.

    Every method takes a picture's full name, and raises `OSError` if there is no such picture or
    it cannot be read; its `strerror` says why.
    """

    def read(self, name: str) -> bytes:
        """All bytes of a picture."""

    def open(self, name: str) -> IO[bytes]:
        """A picture as an open, seekable file; the caller closes it."""

    def read_at(self, name: str, places: Sequence[tuple[int, int]]) -> list[bytes]:
        """Pieces of a picture, each by its start and length; shorter at the end of the picture."""

    def size(self, name: str) -> int:
        """Size of a picture in bytes."""

    def exists(self, name: str) -> bool:
        """Whether there is such a picture."""


FILES, TARS, PARQUETS = LocalFiles(), TarShards(), ParquetShards()


def store_of(name: str) -> PictureStore:
    """The store that holds a picture, by its name."""
    if TARS.divided(name) is not None:
        return TARS
    if PARQUETS.divided(name) is not None:
        return PARQUETS
    return REMOTE if is_url(name) else FILES


def file_of(name: str) -> str:
    """The path of the file that holds a picture: its own, or its shard's."""
    divided = TARS.divided(name) or PARQUETS.divided(name)
    return name if divided is None else divided[0]


def threads_to_read(names: Sequence[str | PathLike[str]], threads: int) -> int:
    """How many threads read pictures.

    Over a network there are more than decode, as they mostly wait. For very small files there is
    only one: Python takes longer over each than the decoder, so threads would wait for one another.

    Args:
        names: names of the pictures; the first shows where all are, a few show their size.
        threads: how many threads to use for local files that are not very small.
    """
    if names and is_url(names[0]):
        return max(threads, WAITING)
    sizes = []
    for name in names[:: max(1, len(names) // SAMPLE)]:
        with contextlib.suppress(OSError):
            sizes.append(about_size(fspath(name)))
    return 1 if sizes and max(sizes) < SMALL_BYTES else threads


def read_picture(name: str | PathLike[str]) -> bytes:
    """All bytes of a picture.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    return store_of(fspath(name)).read(fspath(name))


def open_stored(name: str | PathLike[str]) -> IO[bytes]:
    """A picture as an open, seekable file.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    return store_of(fspath(name)).open(fspath(name))


def read_pieces(name: str, places: Sequence[tuple[int, int]]) -> list[bytes]:
    """Pieces of a picture, each by its start and length; shorter at the end of the picture.

    Raises:
        OSError: it is not there, is no ordinary file, or cannot be read.
    """
    return store_of(name).read_at(name, places)


def stored_size(name: str) -> int:
    """Size of a picture in bytes.

    Raises:
        OSError: it is not there.
    """
    return store_of(name).size(name)


def about_size(name: str) -> int:
    """About the size of a picture in bytes; for one in a Parquet file, without reading it.

    Raises:
        OSError: it is not there.
    """
    is_in_parquet = PARQUETS.divided(name) is not None
    return PARQUETS.mean_size(name) if is_in_parquet else stored_size(name)


def is_stored(name: str | PathLike[str]) -> bool:
    """Whether there is a picture of that name."""
    return store_of(fspath(name)).exists(fspath(name))
