"""The labelled pictures of a Parquet file, as Hugging Face's `datasets` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nin.data.folders.picture_files import LeftOut
from nin.data.shards.sample_labels import Label, ShardSamples
from nin.data.storage.parquet_file import features_of, open_parquet, reading
from nin.data.storage.parquet_shards import ParquetTable
from nin.data.storage.picture_store import PARQUETS
from nin.errors import DataError
from nin.names import normalized

#: Names of the column of labels, where no metadata states it.
_CALLED = ("label", "labels", "class", "cls")


def parquet_pictures(path: str) -> list[str]:
    """The names of all pictures in a Parquet file, whether they are labelled or not.

    Raises:
        DataError: it is damaged or has no pictures; see `nin.data.storage.parquet_shards`.
    """
    table = PARQUETS.read_table(path)
    with reading(path):
        return list(_names(path, table, open_parquet(path)))


def parquet_samples(path: str) -> ShardSamples:
    """Read which pictures a Parquet file holds, and their labels.

    A label is a number or the name of a class. A negative number or null means no label.

    Args:
        path: the Parquet file.

    Raises:
        DataError: it is damaged, or has no column of pictures or none of labels.
    """
    table = PARQUETS.read_table(path)
    file = open_parquet(path)
    features = features_of(file)
    column = _label_column(path, file.schema_arrow.names, features)
    with reading(path):
        labels = _labels(path, file, column)
        names = list(_names(path, table, file))
    classes = features.get(column, {}).get("names")
    named = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
    return ShardSamples(
        names,
        labels,
        [],
        LeftOut(),
        tuple(map(normalized, classes)) if named and classes else None,
    )


def _names(path: str, table: ParquetTable, file: Any) -> Iterator[str]:
    """Names of the pictures: their rows, with their file names where these are known."""
    column = table.column.removesuffix(".bytes")
    kind = file.schema_arrow.field(column).type
    called: Sequence[Any] = [None] * int(table.starts[-1])
    if column != table.column and kind.get_field_index("path") >= 0:
        rows = file.read(columns=[f"{column}.path"], use_threads=False).column(0).to_pylist()
        called = [row["path"] if row else None for row in rows]
    for row, name in enumerate(called):
        file_name = re.split(r"[/\\]", str(name or ""))[-1]
        yield f"{path}/{row}/{file_name}" if file_name.strip(".") else f"{path}/{row}"


def _label_column(path: str, columns: Sequence[str], features: Mapping[str, Any]) -> str:
    labels = [name for name, each in features.items() if each.get("_type") == "ClassLabel"]
    possible = [name for name in labels if name in columns]
    if len(possible) != 1:
        called = [name for name in _CALLED if name in columns]
        if possible and not called:
            raise DataError(
                f"{path}: {' and '.join(possible)} could be the label: rename the right one"
                " to label"
            )
        possible = called or possible
    if not possible:
        named = ", ".join(columns[:8])
        raise DataError(f"{path}: no column is called label (columns: {named}): rename one")
    return possible[0]


def _labels(path: str, file: Any, column: str) -> list[Label]:
    import pyarrow as pa

    kind = file.schema_arrow.field(column).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    values = file.read(columns=[column], use_threads=False).column(0).to_pylist()
    if pa.types.is_integer(kind):
        return [None if value is None or value < 0 else value for value in values]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        kept: dict[str, str] = {}
        names = (normalized(value.strip()) if value else "" for value in values)
        return [kept.setdefault(name, name) or None for name in names]
    raise DataError(f"{path}: column {column} is {kind}: a label is a whole number or a name")
