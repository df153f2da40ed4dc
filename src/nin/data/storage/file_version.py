"""What tells one version of a file from another, without reading it."""

from __future__ import annotations

import os
import stat
import time

from nin.data.storage.remote_files import REMOTE
from nin.urls import is_url

#: The coarsest times that a file system keeps (FAT's), in nanoseconds.
_COARSE = 2 * 10**9


def file_version(path: str) -> str | None:
    """What a file system or a server says of a file: another text where the content is another.

    On this machine that is its size, its number, and when it and what is said of it were changed
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
