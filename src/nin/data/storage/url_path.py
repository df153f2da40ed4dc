"""`UrlPath`: a file or folder behind a URL, used like a local path."""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self

from nin.data.storage.remote_files import REMOTE, can_be_listed
from nin.errors import DataError
from nin.files import expand
from nin.urls import is_url, remember

_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):/+")


class UrlPath(type(Path())):  # type: ignore[misc]
    """A path whose text is a URL; its methods send requests to the server.

    `pathlib` parses a URL like a path, except that it writes one slash instead of two.
    """

    def __str__(self) -> str:
        return _SLASHES.sub(r"\1://", super().__str__())

    def __fspath__(self) -> str:
        return str(self)

    def as_posix(self) -> str:
        """The URL."""
        return str(self)

    def is_absolute(self) -> bool:
        """Always True for a URL."""
        return True

    def absolute(self) -> Self:
        """The URL itself."""
        return self

    def resolve(self, strict: bool = False) -> Self:
        """The URL itself."""
        return self

    def expanduser(self) -> Self:
        """The URL itself."""
        return self

    def is_dir(self) -> bool:
        """Whether there is a folder."""
        return REMOTE.is_folder(str(self))

    def is_file(self) -> bool:
        """Whether there is a file; over HTTP, a URL without a suffix is not one."""
        name = str(self)
        return (can_be_listed(name) or not REMOTE.is_folder(name)) and REMOTE.exists(name)

    def exists(self) -> bool:
        """Whether there is a file or a folder."""
        return self.is_dir() or self.is_file()

    def iterdir(self) -> Iterator[Self]:
        """The entries of a folder."""
        for entry in REMOTE.scan(str(self)):
            yield self / entry.name

    def open(self, mode: str = "r", *_: Any, **options: Any) -> IO[Any]:
        """Open a file for reading."""
        if mode not in ("r", "rb"):
            raise OSError(errno.EROFS, "cannot write to a URL", str(self))
        file = REMOTE.open(str(self))
        return file if mode == "rb" else io.TextIOWrapper(file, **options)

    def read_bytes(self) -> bytes:
        """The content of a file."""
        return REMOTE.read(str(self))

    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
        """The text of a file."""
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")


def source_path(name: str | Path) -> Path:
    """The path of a source of pictures, on this machine or behind a URL.

    Secrets in a URL are remembered only in this process; the path is written without them.

    Raises:
        DataError: the name is empty.
    """
    if isinstance(name, UrlPath):
        return name
    text = os.fspath(name)
    if not text:
        raise DataError("an empty name: write . for the folder that you are in")
    if isinstance(name, Path):
        text = _SLASHES.sub(r"\1://", text)
    if text.lower().startswith("file://"):
        return Path(text[len("file://") :])
    return UrlPath(remember(text)) if is_url(text) else expand(text)
