"""`LocalFiles`: pictures that are separate files, each named by its path."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import IO


class LocalFiles:
    """Reads files; see `nin.data.storage.picture_store.PictureStore`."""

    def read(self, name: str) -> bytes:
        """All of a file."""
        return Path(name).read_bytes()

    def open(self, name: str) -> IO[bytes]:
        """Open a file; a pipe, which is not seekable, is read to its end."""
        file = Path(name).open("rb")  # noqa: SIM115 - the caller closes it
        if file.seekable():
            return file
        with file:
            return BytesIO(file.read())

    def read_at(self, name: str, places: Sequence[tuple[int, int]]) -> list[bytes]:
        """Some pieces of an ordinary file; others are refused, as a pipe would block the reader."""
        if not stat.S_ISREG(os.stat(name).st_mode):  # noqa: PTH116
            raise OSError("not an ordinary file")
        file = os.open(name, os.O_RDONLY)
        try:
            return [os.pread(file, length, start) for start, length in places]
        finally:
            os.close(file)

    def size(self, name: str) -> int:
        """Size of a file in bytes."""
        return os.stat(name).st_size  # noqa: PTH116

    def exists(self, name: str) -> bool:
        """Whether there is a file or a folder of that name."""
        try:
            return Path(name).exists()
        except OSError:  # The name is too long, or its folder cannot be read.
            return False
