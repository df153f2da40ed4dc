"""`ShardReader`: what is alike in reading pictures from shards, whatever kind of file they are."""

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
    """Reads pictures by the tables of where they lie, of which each shard has one.

    A table is read once, when its shard is listed or first read from.
    """

    #: Of the names of such shards.
    ending: ClassVar[str]

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._reading = threading.Lock()

    @abstractmethod
    def read(self, name: str) -> bytes:
        """All bytes of a picture."""

    @abstractmethod
    def _list(self, path: str) -> None:
        """Read the table of a shard anew, and keep it."""

    @abstractmethod
    def _found(self, name: str) -> Any:
        """Where a picture lies.

        Raises:
            OSError: there is no such picture.
        """

    def divided(self, name: str) -> tuple[str, str] | None:
        """The shard, and what the picture is called in it; None if it is in none."""
        return divided_name(name, self.ending, self._tables)

    def table(self, path: str) -> Table:
        """How the pictures of a shard lie in it, as it was listed last.

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
        """The shard of a picture, its table, and what the picture is called in it.

        Raises:
            OSError: the name is of no shard, or the shard cannot be listed.
        """
        divided = self.divided(name)
        if divided is None:
            raise missing(name)
        path, picture = divided
        return path, self.table(path), picture
