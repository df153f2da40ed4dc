"""`ShardReader`: what reading pictures from all kinds of shards has in common."""

from __future__ import annotations

import errno
import threading
from abc import ABC, abstractmethod
from io import BytesIO
from typing import IO, Any, ClassVar, Generic, TypeVar

from nin.data.storage.shard_file import divided_name, missing
from nin.errors import DataError

Table = TypeVar("Table")


class ShardReader(ABC, Generic[Table]):
    """Reads pictures by a table for each shard, of where its pictures are.

    A table is read once, when its shard is listed or first read from.
    """

    #: Suffix of this kind of shard.
    ending: ClassVar[str]

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._reading = threading.Lock()

    @abstractmethod
    def read(self, name: str) -> bytes:
        """All bytes of a picture."""

    @abstractmethod
    def _list(self, path: str) -> None:
        """Read the table of a shard, even if there is one, and keep it."""

    @abstractmethod
    def _found(self, name: str) -> Any:
        """Where a picture is.

        Raises:
            OSError: there is no such picture.
        """

    def divided(self, name: str) -> tuple[str, str] | None:
        """The shard, and the picture's name in it; None if it is not in a shard."""
        return divided_name(name, self.ending, self._tables)

    def table(self, path: str) -> Table:
        """The table of a shard, as it was last listed.

        Raises:
            OSError: it cannot be listed.
        """
        with self._reading:
            if path not in self._tables:
                try:
                    self._list(path)
                except DataError as error:
                    raise OSError(errno.EIO, str(error), path) from error
            return self._tables[path]

    def open(self, name: str) -> IO[bytes]:
        """A picture as an open file."""
        return BytesIO(self.read(name))

    def exists(self, name: str) -> bool:
        """Whether there is such a picture."""
        try:
            self._found(name)
        except OSError:
            return False
        return True

    def _located(self, name: str) -> tuple[str, Table, str]:
        """The shard of a picture, its table, and the picture's name in it.

        Raises:
            OSError: the name is not in a shard, or the shard cannot be listed.
        """
        divided = self.divided(name)
        if divided is None:
            raise missing(name)
        path, picture = divided
        return path, self.table(path), picture
