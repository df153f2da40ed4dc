"""Parquet files with a column of pictures, as Hugging Face writes them, opened by pyarrow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nin.data.storage.remote_files import REMOTE
from nin.errors import DataError, NinError, first_line
from nin.installing import install_line
from nin.urls import is_url

#: Names of the column of pictures, where no metadata states it.
_CALLED = ("image", "img", "picture", "photo")


def open_parquet(path: str) -> Any:
    """Open a file as `pyarrow.parquet.ParquetFile`, which reads its footer.

    Raises:
        DataError: pyarrow is not installed, or the file is missing or damaged.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise DataError(
            f"{path}: Parquet needs pyarrow, which is not installed: {install_line('parquet')}"
        ) from error
    with reading(path):
        return pq.ParquetFile(source_of(path))


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn whatever pyarrow raises for a damaged or missing file into a `DataError`."""
    try:
        yield
    except (NinError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except PermissionError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:
        raise DataError(
            f"{path}: is damaged, or not a Parquet file: write or copy it again"
            f" ({first_line(error)})"
        ) from error


def source_of(path: str) -> Any:
    """What to pass to pyarrow: a path or, for a URL, a seekable file."""
    return REMOTE.open(path) if is_url(path) else path


def features_of(file: Any) -> Mapping[str, Any]:
    """The column metadata that Hugging Face's `datasets` writes, by column; may be empty.

    Args:
        file: as `open_parquet` opens it.
    """
    metadata = (file.schema_arrow.metadata or {}).get(b"huggingface", b"{}")
    try:
        features = json.loads(metadata)["info"]["features"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}
    if not isinstance(features, dict):
        return {}
    return {name: each for name, each in features.items() if isinstance(each, dict)}


def bytes_column(file: Any, path: str) -> str:
    """The name of the column with the bytes of pictures, such as ``image.bytes``.

    Args:
        file: as `open_parquet` opens it.
        path: its name in messages.

    Raises:
        DataError: there is none, or more than one.
    """
    import pyarrow as pa

    schema = file.schema_arrow
    of_images = [name for name, each in features_of(file).items() if each.get("_type") == "Image"]
    possible = [name for name in of_images or _CALLED if name in schema.names]
    if len(possible) > 1 and "image" in possible:
        possible = ["image"]
    if len(possible) != 1:
        columns = ", ".join(possible or schema.names[:8])
        what = "several columns hold pictures" if possible else "no column is called image"
        raise DataError(f"{path}: {what} ({columns}): rename the right one to image")
    [name] = possible
    kind = schema.field(name).type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        name, kind = f"{name}.bytes", kind.field("bytes").type
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        raise DataError(
            f"{path}: column {name} is {kind}: it must hold the bytes of picture files, as"
            " {bytes, path} or alone"
        )
    return name
