"""The members of tar files that were listed before and have not changed: kept in the user's cache.

To list a tar file is to go through all of it; over a network, to fetch nearly all of it.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np

from nin.data.storage.cache_folder import CacheFolder
from nin.data.storage.file_version import file_version
from nin.data.storage.tar_members import TarMembers, read_members
from nin.urls import is_url

#: Of smaller tar files on this machine nothing is kept, and bytes of all that is.
LEAST, LIMIT = 2**28, 10**9

_FORMAT = "members 1"


def known_members(path: str) -> TarMembers:
    """The members of a tar file, from the cache if it has not changed.

    Raises:
        DataError: see `nin.data.storage.tar_members.read_members`.
    """
    version = file_version(path)
    if version is None or (not is_url(path) and int(version.split()[0]) < LEAST):
        return read_members(path)
    cache, key = CacheFolder("members", LIMIT), f"{_FORMAT} {version} {path}"
    kept = cache.get(key)
    if kept is not None:
        return _unpacked(kept)
    found = read_members(path)
    cache.put(key, _packed(found))
    return found


def _packed(members: TarMembers) -> bytes:
    names, starts, sizes, passed_over = members
    content: dict[str, Any] = {"names": names, "passed_over": passed_over}
    content |= {"starts": starts.tolist(), "sizes": sizes.tolist()}
    return json.dumps(content).encode()


def _unpacked(kept: bytes) -> TarMembers:
    content = json.loads(kept)
    starts, sizes = (np.array(content[name], np.int64) for name in ("starts", "sizes"))
    return TarMembers(content["names"], starts, sizes, Counter(content["passed_over"]))
