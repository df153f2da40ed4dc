"""`ParquetShards`: pictures in Parquet files, each named by its row: ``0.parquet/17/cat.jpg``."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data.storage.parquet_file import bytes_column, open_parquet, reading, source_of
from nin.data.storage.row_groups import RowGroups
from nin.data.storage.shard_file import (
    LARGEST,
    Stamp,
    check_unchanged,
    missing,
    stamp_of,
)
from nin.data.storage.shard_reader import ShardReader
from nin.errors import DataError, NinError, first_line
from nin.urls import is_url

ENDING = ".parquet"

#: The most bytes of pictures in a training window, and of row groups held in memory: those of one
#: window while the next begins.
WINDOW_BYTES = 2**28
CACHE = 2 * WINDOW_BYTES


class ParquetTable(NamedTuple):
    """Where the pictures of a Parquet file are in it.

    Attributes:
        stamp: size and time of the file.
        metadata: the file's metadata, as pyarrow reads it.
        column: the column with the pictures' bytes, such as ``image.bytes``.
        starts: (groups + 1,), the first row of each row group, and the total number of rows.
        sizes: (groups,), bytes in memory of each group's pictures.
    """

    stamp: Stamp
    metadata: Any
    column: str
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def groups(self, rows: Any) -> NDArray[np.intp]:
        """The group that each row is in."""
        groups: NDArray[np.intp] = np.searchsorted(self.starts, rows, side="right") - 1
        return groups


class ParquetShards(ShardReader[ParquetTable]):
    """Reads pictures from columns of Parquet files; see `PictureStore`.

    A row group can only be read as a whole, so the most recently used ones are kept.
    """

    ending = ENDING

    def __init__(self) -> None:
        super().__init__()
        self._groups = RowGroups(CACHE)

    def read_table(self, path: str) -> ParquetTable:
        """Read where the pictures of a file are in it, even if known; no picture is read.

        Raises:
            DataError: it is damaged, has no column of pictures, or has a row group too large to be
                read at once; or pyarrow is not installed.
        """
        stamp = stamp_of(path)
        file = open_parquet(path)
        with reading(path):
            column, metadata = bytes_column(file, path), file.metadata
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        sizes = np.array([_size_of_column(each, column) for each in groups], np.int64)
        if (sizes > LARGEST).any():
            raise DataError(
                f"{path}: a row group has {sizes.max():,} bytes, and is read as a whole: write"
                " smaller ones, such as row_group_size=1000"
            )
        starts = np.cumsum([0, *(each.num_rows for each in groups)])
        table = ParquetTable(stamp, metadata, column, starts, sizes)
        self._tables[path] = table
        return table

    def read(self, name: str) -> bytes:
        """All bytes of a picture."""
        path, table, row = self._found(name)
        group = int(table.groups(row))
        if not is_url(path):
            check_unchanged(os.stat(path), table.stamp, path, name)  # noqa: PTH116
        values = self._groups.get(
            (path, table.stamp, group), lambda: _read_group(path, table, group, name)
        )
        content = values[row - int(table.starts[group])].as_py()
        if content is None:
            raise OSError(errno.ENODATA, "its row holds no bytes of a picture", name)
        return bytes(content)

    def read_at(self, name: str, places: Sequence[tuple[int, int]]) -> list[bytes]:
        """Pieces of a picture, each by its start and its length; shorter at the picture's end."""
        content = self.read(name)
        return [content[start : start + length] for start, length in places]

    def size(self, name: str) -> int:
        """Size of a picture in bytes."""
        return len(self.read(name))

    def mean_size(self, name: str) -> int:
        """Mean size in bytes of the pictures in a picture's row group; none of them is read."""
        _, table, row = self._found(name)
        group = int(table.groups(row))
        return int(table.sizes[group] // (table.starts[group + 1] - table.starts[group]))

    def _list(self, path: str) -> None:
        self.read_table(path)

    def _found(self, name: str) -> tuple[str, ParquetTable, int]:
        path, table, picture = self._located(name)
        row = row_of(picture)
        if not 0 <= row < table.starts[-1]:
            raise missing(name, f"{path} holds no such picture")
        return path, table, row


def row_of(picture: str) -> int:
    """The row in a picture's name within a Parquet file, ``17/cat.jpg``; -1 if it has none."""
    number = picture.partition("/")[0]
    return int(number) if number.isdecimal() else -1


def _size_of_column(group: Any, column: str) -> int:
    chunks = map(group.column, range(group.num_columns))
    [chunk] = [each for each in chunks if each.path_in_schema == column]
    return int(chunk.total_uncompressed_size)


def _read_group(path: str, table: ParquetTable, group: int, name: str) -> Any:
    """The pictures of a row group, as a pyarrow array."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(source_of(path), metadata=table.metadata)
        read = file.read_row_group(group, columns=[table.column], use_threads=False)
        values = read.column(0)
        return pc.struct_field(values, "bytes") if table.column.endswith(".bytes") else values
    except NinError:
        raise
    except Exception as error:  # whatever pyarrow raises for damage
        rows = f"{path}: its rows {table.starts[group]:,} to {table.starts[group + 1] - 1:,}"
        raise OSError(errno.EIO, f"{rows} cannot be read: {first_line(error)}", name) from error
