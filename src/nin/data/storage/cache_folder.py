"""`CacheFolder`: files in the user's cache; the least recently used are deleted first."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
from hashlib import blake2b
from pathlib import Path

from nin.errors import Argument, DataError
from nin.files import expand

#: The environment variables that name the folder and bound its size.
PLACE, SIZE = "NIN_CACHE", "NIN_CACHE_SIZE"

#: The limit in bytes unless `SIZE` gives another.
LIMIT = 10 * 10**9

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)B?\s*", re.IGNORECASE)

#: Bytes at the start of each file that hold a digest of its content.
_DIGEST = 16

#: The share of the limit that is written before the size of the folder is checked again, as other
#: processes write to it, too; and the share that is left after files had to be deleted.
_UNSEEN, _LEFT = 1 / 16, 7 / 8


class CacheFolder:
    """Contents by key, either whole or absent, each with a digest to detect damage.

    Several threads and processes may use one folder. Contents that cannot be written are not kept,
    as all of them can be obtained again.

    Args:
        name: name of the folder within the user's cache, or within ``NIN_CACHE`` if that is set.
        limit: the most bytes to keep. None: ``NIN_CACHE_SIZE``, or else 10 GB.

    Raises:
        DataError: ``NIN_CACHE_SIZE`` is not an amount of bytes.
    """

    def __init__(self, name: str, limit: int | None = None) -> None:
        self.path = cache_place() / name
        self.limit = cache_size() if limit is None else limit
        self._lock = threading.Lock()
        self._unseen: float = self.limit
        #: Names of files that this process has checked for damage.
        self._whole: set[str] = set()

    def get(self, key: str) -> bytes | None:
        """What was kept under a key; None if there is nothing, or it is damaged."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if content[:_DIGEST] != _digest(content[_DIGEST:]):
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        self._whole.add(path.name)
        return content[_DIGEST:]

    def get_piece(self, key: str, start: int, length: int) -> bytes | None:
        """A piece of what was kept under a key, as `get`; only the first call reads all of it."""
        path = self._path(key)
        if path.name not in self._whole:
            content = self.get(key)
            return None if content is None else content[start : start + length]
        try:
            with path.open("rb") as file:
                with contextlib.suppress(OSError):
                    os.utime(file.fileno())
                return os.pread(file.fileno(), length, _DIGEST + start)
        except OSError:
            return None

    def put(self, key: str, content: bytes) -> None:
        """Keep `content` under a key, replacing what was there."""
        if len(content) > self.limit:
            return
        path = self._path(key)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_bytes(_digest(content) + content)
                temporary.replace(path)
                self._whole.add(path.name)
            finally:
                temporary.unlink(missing_ok=True)
            self._bound(len(content))
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self.path / blake2b(os.fsencode(key), digest_size=16).hexdigest()

    def _bound(self, written: int) -> None:
        """Delete the least recently used files if there is more than the limit."""
        with self._lock:
            self._unseen += written
            if self._unseen < self.limit * _UNSEEN:
                return
            self._unseen = 0
            found = []
            with os.scandir(self.path) as entries:
                for each in entries:
                    with contextlib.suppress(FileNotFoundError):  # Another process deletes, too.
                        status = each.stat()
                        found.append((status.st_mtime_ns, status.st_size, each.path))
            total = sum(size for _, size, _ in found)
            goal = total if total <= self.limit else self.limit * _LEFT
            for _, size, path in sorted(found):
                if total <= goal:
                    break
                Path(path).unlink(missing_ok=True)
                total -= size


def cache_place() -> Path:
    """The folder of everything kept only to save time: ``NIN_CACHE``, else the user's cache."""
    chosen = os.environ.get(PLACE)
    if not chosen:
        import platformdirs

        chosen = platformdirs.user_cache_dir("nin")
    return expand(chosen)


def cache_size() -> int:
    """How many bytes are kept there: ``NIN_CACHE_SIZE``, such as ``50GB``, else `LIMIT`.

    Raises:
        DataError: ``NIN_CACHE_SIZE`` is not an amount of bytes.
    """
    given = os.environ.get(SIZE)
    if not given:
        return LIMIT
    if (found := _AMOUNT.fullmatch(given)) is None:
        raise DataError("must be an amount of bytes, such as 50GB", about=Argument(SIZE, given))
    return int(float(found[1]) * _UNITS[found[2].upper()])


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST).digest()
