"""The members of a tar file and where each is in it; no content is read or extracted."""

from __future__ import annotations

import os
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray

from nin.data.storage.url_path import source_path
from nin.errors import DataError

#: Bytes of a header block.
_BLOCK = 512

#: The longest header with a long name or extended attributes to read, in bytes.
_LONGEST_HEADER = 2**20

#: The first bytes of compressed archives, and the tools that unpack them.
_COMPRESSED = {
    b"\x1f\x8b": "gunzip",
    b"BZh": "bunzip2",
    b"\xfd7zXZ": "unxz",
    b"(\xb5/\xfd": "unzstd",
}


class TarMembers(NamedTuple):
    """The ordinary files in a tar file, in its order.

    Attributes:
        names: their names, without ``./``.
        starts: (n,), where their contents start, in bytes from the beginning.
        sizes: (n,), in bytes.
        passed_over: reason → how many members were skipped for it.
    """

    names: list[str]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    passed_over: Counter[str]

    @classmethod
    def from_lists(cls, lists: Sequence[Any]) -> Self:
        """The members whose four fields were saved as plain lists."""
        names, starts, sizes, passed_over = lists
        starts, sizes = np.array(starts, np.int64), np.array(sizes, np.int64)
        return cls(names, starts, sizes, Counter(passed_over))


def read_members(path: str | Path) -> TarMembers:
    """Read the headers of a tar file, skipping the contents.

    Links, devices, sparse files, and names that lead out of the archive are skipped.

    Raises:
        DataError: it cannot be read, is damaged or cut short, is compressed, or holds two files of
            the same name.
    """
    try:
        with source_path(path).open("rb") as file:
            return members_of(file, str(path))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error


def members_of(file: IO[bytes], name: str) -> TarMembers:
    """`read_members` of a seekable file that is already open.

    Args:
        file: the tar file.
        name: its name in messages.

    Raises:
        DataError: as `read_members`.
        OSError: it cannot be read.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    _refuse_compressed(file.read(8), name)
    file.seek(0)
    found = TarMembers([], *(np.empty(0, np.int64),) * 2, Counter())
    starts, sizes = [], []
    for member in _headers(_Headers(file, size), name):
        why = _why_passed_over(member)
        if why:
            found.passed_over[why] += 1
        elif why is None:
            found.names.append(member.name.removeprefix("./"))
            starts.append(member.offset_data)
            sizes.append(member.size)
    if len(set(found.names)) < len(found.names):
        twice, _ = Counter(found.names).most_common(1)[0]
        raise DataError(f"{name}: holds {twice} twice: keep one")
    return found._replace(starts=np.array(starts, np.int64), sizes=np.array(sizes, np.int64))


class _Headers:
    """A file that refuses to read more at a time than a header can have, whatever it claims."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self.file, self.size = file, size
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self.file.read(size)


def _headers(file: _Headers, name: str) -> Iterator[tarfile.TarInfo]:
    """The members of an archive, up to the empty block that ends it."""
    damaged = f"{name}: is damaged or cut short at byte {{:,}}: write or copy it again"
    end = 0
    try:
        archive: Any
        with tarfile.TarFile(fileobj=cast("Any", file), mode="r") as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # It would keep them all.
                if member.size < 0 or member.offset_data < end:
                    raise DataError(damaged.format(end))
                end = member.offset_data + _stored_size(member)
                if end > file.size:
                    raise DataError(damaged.format(file.size))
                yield member
            end = archive.offset
    except (tarfile.TarError, ValueError, OverflowError, RecursionError, EOFError) as error:
        raise DataError(damaged.format(end)) from error
    # `tarfile` takes any header that it cannot read for the end of the archive.
    file.seek(end)
    if file.read(_BLOCK) != bytes(_BLOCK):
        raise DataError(damaged.format(min(end, file.size)))


def _stored_size(member: tarfile.TarInfo) -> int:
    """At least how many bytes its content has in the archive: a sparse file's size counts holes."""
    return member.size if member.isreg() and not member.issparse() else 0


def _why_passed_over(member: tarfile.TarInfo) -> str | None:
    """Why a member is skipped; empty for folders, which are not counted; None if it is not."""
    if member.isdir():
        return ""
    if member.issym() or member.islnk():
        return "links"
    if not member.isreg() or member.issparse():
        return "sparse and special files"
    parts = member.name.split("/")
    if parts[-1].startswith("._"):
        return "._ files of macOS"
    if member.name.startswith("/") or ".." in parts:
        return "files that are named outside the archive"
    return None


def _refuse_compressed(start: bytes, name: str) -> None:
    for beginning, tool in _COMPRESSED.items():
        if start.startswith(beginning):
            raise DataError(
                f"{name}: is compressed, so that no picture in it can be found by its place:"
                f" unpack it to a plain .tar with {tool}"
            )
