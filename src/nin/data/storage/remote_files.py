"""`RemoteFiles`: pictures that are separate files behind URLs, and folders of them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import IO, Any, NamedTuple

from nin.data.storage.block_cache import BLOCK, BlockCache
from nin.data.storage.remote_access import call, file_system, persistently, scheme_of
from nin.data.storage.remote_content import RemoteStatus, remote_status, status_of
from nin.errors import SourceError
from nin.urls import is_url

#: Schemes whose servers do not list folders.
UNLISTED = ("http", "https")


def can_be_listed(folder: object) -> bool:
    """Whether a folder can be listed; over HTTP it cannot, and files must be named."""
    return not is_url(folder) or scheme_of(str(folder)) not in UNLISTED


class RemoteEntry(NamedTuple):
    """A file or a folder in a folder behind a URL; used like an `os.DirEntry`."""

    name: str
    path: str
    folder: bool

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a folder."""
        return self.folder

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a file."""
        return not self.folder

    def is_symlink(self) -> bool:
        """Always False: links are listed as files."""
        return False


class RemoteFiles:
    """Reads files behind URLs, by cached blocks; see `PictureStore`."""

    def __init__(self) -> None:
        self._blocks = BlockCache()
        # Size and version in one number: there may be a million.
        self._statuses: dict[str, int] = {}

    def read(self, name: str) -> bytes:
        """All of a file."""
        status = self.status(name)
        return self._blocks.read(name, status, 0, status.size)

    def open(self, name: str) -> IO[bytes]:
        """Open a file, seekable."""
        status = self.status(name)
        if status.size <= BLOCK:
            return BytesIO(self._blocks.read(name, status, 0, status.size))
        return io.BufferedReader(_OpenFile(self._blocks, name, status), 2**16)

    def read_at(self, name: str, places: Sequence[tuple[int, int]]) -> list[bytes]:
        """Some pieces of a file."""
        status = self.status(name)
        return [self._blocks.read(name, status, start, length) for start, length in places]

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return self.status(name).size

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""
        try:
            self.status(name)
        except (FileNotFoundError, IsADirectoryError):
            return False
        return True

    def status(self, name: str) -> RemoteStatus:
        """Size and version of a file, as first listed or requested; later changes are refused."""
        known = self._statuses.get(name)
        if known is None:
            known = self._keep(name, remote_status(name))
        return RemoteStatus(known >> 64, known & (2**64 - 1))

    def is_folder(self, url: str) -> bool:
        """Whether there is a folder; over HTTP, whether the URL has no suffix."""
        if scheme_of(url) in UNLISTED:
            return not os.path.splitext(url.partition("://")[2].partition("/")[2])[1]  # noqa: PTH122

        def request() -> bool:
            files, path = file_system(url)
            return bool(call(files, "isdir", path))

        return persistently(url, request)

    def scan(self, url: str) -> Iterator[RemoteEntry]:
        """The entries of a folder.

        Raises:
            FileNotFoundError: there is no such folder.
            SourceError: it cannot be listed.
        """
        if scheme_of(url) in UNLISTED:
            raise SourceError(
                f"{url}: a server does not list its folders over {scheme_of(url)}: name shards,"
                " such as https://…/train-{000..099}.tar, or a table of labels beside the pictures,"
                " https://…/labels.csv"
            )

        def request() -> tuple[str, list[dict[str, Any]]]:
            files, path = file_system(url)
            return path.strip("/"), call(files, "ls", path, detail=True)

        here, found = persistently(url, request)
        for each in found:
            whole = str(each["name"]).strip("/")
            if whole == here:
                continue  # An empty object with which some programs mark a folder.
            name = whole.rpartition("/")[2]
            path = f"{url.rstrip('/')}/{name}"
            is_folder = each["type"] == "directory"
            # A link's size is that of its target's name, so the real one is requested on reading.
            if not is_folder and each["type"] != "link":
                self._keep(path, status_of(each, path))
            yield RemoteEntry(name, path, is_folder)

    def _keep(self, name: str, status: RemoteStatus) -> int:
        known = self._statuses[name] = status.size << 64 | status.version
        return known


class _OpenFile(io.RawIOBase):
    """A file behind a URL as an open file."""

    def __init__(self, blocks: BlockCache, url: str, status: RemoteStatus) -> None:
        super().__init__()
        self._blocks, self._url, self._status, self._at = blocks, url, status, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._status.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        content = self._blocks.read(self._url, self._status, self._at, len(buffer))
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)


REMOTE = RemoteFiles()
