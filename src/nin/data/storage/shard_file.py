"""What all kinds of shards share: the names of pictures in them, and a check for changes."""

from __future__ import annotations

import errno
import os
from collections.abc import Container

from nin.data.storage.remote_files import REMOTE
from nin.errors import DataError
from nin.urls import is_url

#: The largest picture or row group to read from a shard at once, in bytes.
LARGEST = 2**30

#: Size and time of a file.
Stamp = tuple[int, int]


def divided_name(name: str, ending: str, known: Container[str]) -> tuple[str, str] | None:
    """Split a picture's name into its shard and its name there; None if it is not in a shard.

    Args:
        name: name of a picture.
        ending: suffix of this kind of shard.
        known: paths of shards that are known to exist.
    """
    divided = []
    at = name.find(f"{ending}/")
    while at >= 0:
        divided.append((name[: at + len(ending)], name[at + len(ending) + 1 :]))
        at = name.find(f"{ending}/", at + 1)
    for path, inside in divided:
        if path in known or (not is_url(path) and os.path.isfile(path)):  # noqa: PTH113
            return path, inside
    # Behind a URL, what is in a folder that is called like a shard may be a shard itself.
    if divided and is_url(name) and not name.endswith(ending):
        return divided[-1]
    return None


def stamp_of(path: str) -> Stamp:
    """Size and time of a shard; behind a URL, its size and version.

    Raises:
        DataError: it is not there.
    """
    try:
        if is_url(path):
            return REMOTE.status(path)
        status = os.stat(path)  # noqa: PTH116
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    return status.st_size, status.st_mtime_ns


def check_unchanged(status: os.stat_result, stamp: Stamp, path: str, name: str) -> None:
    """Refuse to read from a shard that has changed since it was listed.

    Raises:
        OSError: it has.
    """
    if (status.st_size, status.st_mtime_ns) != stamp:
        raise OSError(errno.ESTALE, f"{path} was changed after it was listed", name)


def missing(name: str, why: str | None = None) -> FileNotFoundError:
    """The error to raise if there is no picture of a name."""
    return FileNotFoundError(errno.ENOENT, why or os.strerror(errno.ENOENT), name)
