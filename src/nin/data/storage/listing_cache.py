"""Caches what was found out about a file by reading through it, until the file changes.

Listing a tar file means reading through all of it; over a network, fetching nearly all of it.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable
from typing import Any, TypeVar

from nin.data.storage.cache_folder import CacheFolder
from nin.data.storage.remote_files import REMOTE
from nin.urls import is_url

T = TypeVar("T")

#: The smallest local file to cache anything about, and the most bytes to keep in all.
LEAST, LIMIT = 2**28, 10**9

#: The coarsest resolution of a file system's times (FAT's), in nanoseconds.
_COARSE = 2 * 10**9


def kept_listing(
    kind: str,
    path: str,
    make: Callable[[], T],
    to_json: Callable[[T], Any],
    from_json: Callable[[Any], T],
) -> T:
    """What `make` finds out about a file, from the user's cache if the file has not changed.

    Args:
        kind: what is found out, and the version of the format in which it is kept.
        path: the file, or its URL.
        make: reads through the file.
        to_json: converts what `make` returns to what is kept as JSON.
        from_json: converts it back.
    """
    version = file_version(path)
    if version is None or (not is_url(path) and int(version.split()[0]) < LEAST):
        return make()
    cache, key = CacheFolder("listings", LIMIT), f"{kind} {version} {path}"
    kept = cache.get(key)
    if kept is not None:
        return from_json(json.loads(kept))
    found = make()
    cache.put(key, json.dumps(to_json(found)).encode())
    return found


def file_version(path: str) -> str | None:
    """A string from the metadata of a file that differs if the content differs.

    For a local file it holds the size, the inode and device numbers, and the times of the last
    changes of content and metadata, in nanoseconds. If these are so recent that a further change
    might have the same times, the version is uncertain.

    Returns:
        The version; None if there is no ordinary file, or its version is uncertain.
    """
    try:
        if is_url(path):
            return " ".join(map(str, REMOTE.status(path)))
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    settled = max(found.st_mtime_ns, found.st_ctime_ns) <= time.time_ns() - _COARSE
    if not stat.S_ISREG(found.st_mode) or not settled:
        return None
    times = f"{found.st_mtime_ns} {found.st_ctime_ns}"
    return f"{found.st_size} {times} {found.st_ino} {found.st_dev}"
