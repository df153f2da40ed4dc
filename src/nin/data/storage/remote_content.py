"""The content of files behind URLs, by ranges; over HTTP, response headers are checked."""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from nin.data.storage import remote_access
from nin.data.storage.remote_access import (
    ShortResponseError,
    call,
    file_system,
    persistently,
    scheme_of,
)
from nin.errors import SourceError

#: Keys of a listing that may identify a version of a file.
_VERSIONS = (
    "ETag",
    "etag",
    "md5Hash",
    "LastModified",
    "last_modified",
    "updated",
    "mtime",
    "created",
)

#: The largest file in bytes to fetch whole from a server that does not support ranges.
_WHOLE = 2**30
_PROCESS = secrets.token_hex(8)
_CHANGED = "{}: was changed after it was listed: start again"


class RemoteStatus(NamedTuple):
    """What a server states about a file.

    Attributes:
        size: in bytes.
        version: a number that differs if the content differs.
    """

    size: int
    version: int


class FilePiece(NamedTuple):
    """A piece of a file: its start and its bytes."""

    start: int
    content: bytes


def remote_status(url: str) -> RemoteStatus:
    """Request the size and the version of a file.

    Raises:
        FileNotFoundError: there is no such file.
        SourceError: it cannot be requested, or its size is not stated.
    """

    def request() -> RemoteStatus:
        files, path = file_system(url)
        if scheme_of(url) in ("http", "https"):
            status: RemoteStatus = call(_Http(files), "status", path, url)
            return status
        found = call(files, "info", path)
        if found.get("type") == "directory":
            raise IsADirectoryError
        return status_of(found, url)

    return persistently(url, request)


def status_of(listed: dict[str, Any], url: str) -> RemoteStatus:
    """Size and version of a file, from a file system's listing of it.

    Raises:
        SourceError: its size is not in the listing.
    """
    if not isinstance(size := listed.get("size"), int):
        raise SourceError(f"{url}: the server does not state its size, so that it cannot be read")
    return _status(size, next(iter(_versions(listed)), _PROCESS))


def _versions(listed: dict[str, Any]) -> list[str]:
    """What identifies a version, the most reliable first; all times are converted to numbers."""
    found = [listed[name] for name in _VERSIONS if listed.get(name)]
    return [str(each.timestamp() if isinstance(each, datetime) else each) for each in found]


def _status(size: int, version: str) -> RemoteStatus:
    digest = blake2b(f"{size} {version}".encode(), digest_size=8).digest()
    return RemoteStatus(size, int.from_bytes(digest, "little"))


def _is_still(status: RemoteStatus, stated: dict[str, Any]) -> bool:
    """Whether a file is still the one that was listed; listings may state less than `stated`."""
    # Some drivers quote an ETag here but not in a listing.
    versions = [form for each in _versions(stated) for form in (each, each.strip('"'), f'"{each}"')]
    possible = [_status(status.size, version) for version in (*versions, _PROCESS)]
    return stated.get("size") == status.size and (status in possible or not versions)


def fetch(url: str, status: RemoteStatus, start: int, end: int) -> FilePiece:
    """Read a piece of a file; the whole file if the server does not support ranges.

    Args:
        url: the file's URL.
        status: as the server stated it.
        start: the first byte.
        end: the byte after the last, at most the file's size.

    Raises:
        FileNotFoundError: the file is no longer there.
        SourceError: it cannot be read, or has changed.
    """

    def request() -> FilePiece:
        files, path = file_system(url)
        if scheme_of(url) in ("http", "https"):
            found: FilePiece = call(_Http(files), "fetch", path, url, status, start, end)
        else:
            found = FilePiece(start, call(files, "cat_file", path, start=start, end=end))
            # A file fetched in one piece is of one version, whichever that is.
            is_whole = (start, end) == (0, status.size)
            if not is_whole and not _is_still(status, call(files, "info", path)):
                raise SourceError(_CHANGED.format(url))
        wanted = (
            status.size if found.start == 0 and len(found.content) > end - start else end - start
        )
        if len(found.content) != wanted:
            raise ShortResponseError(f"{len(found.content):,} of {wanted:,} bytes came")
        return found

    return persistently(url, request)


class _Http:
    """Requests that check the response's status and headers, in fsspec's session."""

    async_impl = True
    #: No time limit on a response as long as bytes arrive: see `_get`.
    longest = None

    def __init__(self, files: Any) -> None:
        self.files, self.loop = files, files.loop

    async def _status(self, path: str, url: str) -> RemoteStatus:
        async with await self._get(path, 0, 1) as response:
            return _status_of_response(response, url)

    async def _fetch(
        self, path: str, url: str, status: RemoteStatus, start: int, end: int
    ) -> FilePiece:
        async with await self._get(path, start, end) as response:
            if _status_of_response(response, url) != status:
                raise SourceError(_CHANGED.format(url))
            is_piece = response.status == 206
            most = end - start if is_piece else status.size
            if most > max(_WHOLE, end - start):
                raise SourceError(
                    f"{url}: its server does not support ranges, and the file has {most:,} bytes:"
                    " copy it to this machine, or use a server that supports them"
                )
            return FilePiece(start if is_piece else 0, await _content(response, most, url))

    async def _get(self, path: str, start: int, end: int) -> Any:
        import aiohttp

        session = await self.files.set_session()
        patience = remote_access.TIMEOUT
        timeout = aiohttp.ClientTimeout(total=None, connect=patience, sock_read=patience)
        # A compressed response would have another length and other ranges.
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        url = self.files.encode_url(path)
        response = await session.get(url, headers=headers, timeout=timeout)
        if response.status != 416:
            response.raise_for_status()
        return response


async def _content(response: Any, most: int, url: str) -> bytes:
    content = bytearray()
    async for each in response.content.iter_any():
        content += each
        if len(content) > most:
            raise SourceError(f"{url}: the server sends more than it announced")
    return bytes(content)


def _status_of_response(response: Any, url: str) -> RemoteStatus:
    """The status in a response with a piece (206), the whole file (200) or an empty file (416)."""
    headers = response.headers
    total = headers.get("Content-Range", "").rpartition("/")[2]
    if response.status == 200:
        total = headers.get("Content-Length", "")
    is_size = total.isascii() and total.isdigit() and len(total) < 19
    listed: dict[str, Any] = {"size": int(total) if is_size else None}
    listed["ETag"] = headers.get("ETag") or headers.get("Last-Modified")
    return status_of(listed, url)
