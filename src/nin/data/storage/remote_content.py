"""The content of files behind URLs, by ranges; over HTTP with a look at the response's headers."""

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

#: What a listing may call that which identifies a version of a file.
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

#: The largest file that is fetched whole, from a server without ranges, in bytes.
_WHOLE = 2**30
_PROCESS = secrets.token_hex(8)
_CHANGED = "{}: was changed after it was listed: start again"


class RemoteStatus(NamedTuple):
    """What a server states about a file.

    Attributes:
        size: in bytes.
        version: a number that is another one where the content is.
    """

    size: int
    version: int


class FilePiece(NamedTuple):
    """A piece of a file: its bytes, from a place on."""

    start: int
    content: bytes


def remote_status(url: str) -> RemoteStatus:
    """Request the size and the version of a file.

    Raises:
        FileNotFoundError: there is none.
        SourceError: it cannot be requested, or its size is not known.
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
    """Size and version of a file as a file system lists it.

    Raises:
        SourceError: its size is not among that.
    """
    if not isinstance(size := listed.get("size"), int):
        raise SourceError(f"{url}: the server does not state its size, so that it cannot be read")
    return _status(size, next(iter(_versions(listed)), _PROCESS))


def _versions(listed: dict[str, Any]) -> list[str]:
    """What identifies a version, the surest first; times as numbers, whatever states them."""
    found = [listed[name] for name in _VERSIONS if listed.get(name)]
    return [str(each.timestamp() if isinstance(each, datetime) else each) for each in found]


def _status(size: int, version: str) -> RemoteStatus:
    digest = blake2b(f"{size} {version}".encode(), digest_size=8).digest()
    return RemoteStatus(size, int.from_bytes(digest, "little"))


def _is_still(status: RemoteStatus, stated: dict[str, Any]) -> bool:
    """Whether a file is the one that was listed; a listing may state less than is stated of it."""
    # Some drivers quote an ETag here and not in a listing.
    versions = [form for each in _versions(stated) for form in (each, each.strip('"'), f'"{each}"')]
    possible = [_status(status.size, version) for version in (*versions, _PROCESS)]
    return stated.get("size") == status.size and (status in possible or not versions)


def fetch(url: str, status: RemoteStatus, start: int, end: int) -> FilePiece:
    """Read a piece of a file; the whole file where the server has no ranges.

    Args:
        url: where it is.
        status: as the server stated it.
        start: the first byte.
        end: the one behind the last, at most the file's size.

    Raises:
        FileNotFoundError: it is no longer there.
        SourceError: it cannot be read, or has changed.
    """

    def request() -> FilePiece:
        files, path = file_system(url)
        if scheme_of(url) in ("http", "https"):
            found: FilePiece = call(_Http(files), "fetch", path, url, status, start, end)
        else:
            found = FilePiece(start, call(files, "cat_file", path, start=start, end=end))
            # A file that comes at once is of one version, whichever that is.
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
    """Requests that look at the response's status and headers, in the session of fsspec."""

    async_impl = True
    #: However long a response takes, as long as bytes come: see `_get`.
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
        # An encoding would have another length, and other ranges.
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
    """Of a response with a piece, with the whole file, or about an empty one (416)."""
    headers = response.headers
    total = headers.get("Content-Range", "").rpartition("/")[2]
    if response.status == 200:
        total = headers.get("Content-Length", "")
    is_size = total.isascii() and total.isdigit() and len(total) < 19
    listed: dict[str, Any] = {"size": int(total) if is_size else None}
    listed["ETag"] = headers.get("ETag") or headers.get("Last-Modified")
    return status_of(listed, url)
