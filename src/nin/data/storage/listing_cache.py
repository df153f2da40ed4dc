"""What was found out about a file by going through it: kept until the file is another version.

To list a tar file is to go through all of it; over a network, to fetch nearly all of it.
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

#: Of smaller files on this machine nothing is kept, and bytes of all that is.
LEAST, LIMIT = 2**28, 10**9

#: The coarsest times that a file system keeps (FAT's), in nanoseconds.
_COARSE = 2 * 10**9


def kept_listing(
    kind: str,
    path: str,
    make: Callable[[], T],
    to_json: Callable[[T], Any],
    from_json: Callable[[Any], T],
) -> T:
    """What `make` finds out about a file: from the user's cache, if the file has not changed.

    Args:
        kind: what is found out, and in which format it is kept.
        path: the file, or its URL.
        make: goes through the file.
        to_json: what is kept of it.
        from_json: the same back.
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
    """A text from the metadata of a file: another text where the content is another.

    On this machine that is its size, its number, and when it and its metadata were changed
    last, to the nanosecond. Where that was so short a time ago that a further change might show the
    same times, nothing is certain.

    Returns:
        None if there is no ordinary file, or nothing is certain.
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
