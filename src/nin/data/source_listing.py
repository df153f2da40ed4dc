"""Lists the pictures of a source that a user names: a folder, a table of labels, or shards.

No picture is decoded here.
"""

from __future__ import annotations

from pathlib import Path

from nin.data.folders.listing import Listing, list_folder
from nin.data.shards.shard_files import find_shards, is_pattern
from nin.data.shards.shard_listing import list_shards, shard_pictures
from nin.errors import DataError


def list_source(path: Path) -> Listing:
    """List the pictures of a folder, of a table of labels, or of shards.

    Args:
        path: see `nin.data.folders.listing.list_folder` and
            `nin.data.shards.shard_files.find_shards`.

    Raises:
        DataError: it is missing, or has none of the known layouts.
    """
    try:
        shards = find_shards(path)
    except OSError as error:
        where = error.filename or path
        raise DataError(f"{where}: cannot be listed: {error.strerror or error}") from error
    return list_folder(path) if shards is None else list_shards(path, shards)


def some_pictures(path: Path) -> list[str]:
    """A sample of the pictures: all training pictures of a folder, or those of the first shard.

    The other shards are not read.

    Args:
        path: as for `list_source`.

    Raises:
        DataError: as `list_source`.
    """
    try:
        shards = find_shards(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be listed: {error.strerror or error}") from error
    return (
        list_folder(path).parts["train"].paths
        if shards is None
        else shard_pictures(shards.files[0].path)
    )


def is_source(path: Path) -> bool:
    """Whether there is anything of that name: a file, a folder, or shards that a pattern matches.

    False if any shard of a range such as ``{000..099}`` is missing.
    """
    if not is_pattern(path) or path.exists():
        return path.exists()
    return missing_shards(path) is None


def missing_shards(path: Path) -> str | None:
    """Which shards that a pattern names are missing; None if none is, or if it is no pattern."""
    if not is_pattern(path):
        return None
    try:
        find_shards(path)
    except DataError as error:
        return str(error)
    return None
