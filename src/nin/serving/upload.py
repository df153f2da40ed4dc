"""The images of a request, read within limits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from email.errors import MessageError
from email.header import decode_header, make_header
from typing import NamedTuple
from urllib.parse import unquote

from fastapi import HTTPException, Request
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from nin.serving.settings import Limits

#: The form field that holds images.
FIELD = "images"

#: ``filename*=utf-8''...``
_EXTENDED_NAME = re.compile(rb"filename\*\s*=\s*\"?([\w-]+)'[^']*'([^;\"]*)\"?", re.IGNORECASE)

_FORM = "multipart/form-data"

#: Types that are accepted besides image/*. The last is what curl sends with any file.
_KNOWN = ("", _FORM, "application/octet-stream", "application/x-www-form-urlencoded")

#: Most characters of a file's name that are sent back.
_LONGEST_NAME = 255


class Upload(NamedTuple):
    """An image that was sent, and its name, if it was given one."""

    name: str | None
    content: bytes


def check_type(content_type: str) -> None:
    """Refuse a Content-Type that is neither an image nor a form.

    Raises:
        HTTPException: 415.
    """
    kind = _kind(content_type)
    if kind not in _KNOWN and not kind.startswith("image/"):
        raise HTTPException(415, f"not an image: send image/*, application/octet-stream or {_FORM}")


async def read_uploads(
    request: Request, limits: Limits, take: Callable[[int], None]
) -> list[Upload]:
    """The images in a request's body, which is either one image or a form.

    Args:
        request: its body must not have been read yet.
        limits: too large a body is refused by its Content-Length before any of it is read; one
            without that header as soon as it exceeds the limit.
        take: called with the size of each piece; may raise to refuse it.

    Raises:
        HTTPException: 408 if it did not arrive in time; 413 for too many bytes or images; 422 if it
            is empty, or not a form with images.
        ClientDisconnect: the client went away.
    """
    if _kind(request.headers.get("content-type", "")) != _FORM:
        return [Upload(None, await read_body(request, limits, take))]
    async with _arriving(limits):
        return await _read_form(request.headers, _pieces(request, limits, take), limits)


async def read_body(request: Request, limits: Limits, take: Callable[[int], None]) -> bytes:
    """A request's body as it is.

    Args and Raises: as `read_uploads`.
    """
    body = bytearray()
    async with _arriving(limits):
        async for piece in _pieces(request, limits, take):
            body += piece
    return bytes(body)


@asynccontextmanager
async def _arriving(limits: Limits) -> AsyncIterator[None]:
    """Refuses, with 408, what does not arrive in time while the block runs."""
    try:
        async with asyncio.timeout(limits.seconds):
            yield
    except TimeoutError as error:
        message = f"the request did not arrive within {limits.seconds:g} seconds"
        raise HTTPException(408, message) from error


async def _pieces(
    request: Request, limits: Limits, take: Callable[[int], None]
) -> AsyncGenerator[bytes, None]:
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:20]) > limits.body:
        raise _too_large(limits)
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limits.body:
            raise _too_large(limits)
        take(len(piece))
        yield piece
    if not size:
        raise HTTPException(422, "an empty request: send an image")


async def _read_form(
    headers: Headers, pieces: AsyncGenerator[bytes, None], limits: Limits
) -> list[Upload]:
    try:
        form = await _Form(headers, pieces, limits).parse()
    except (MultiPartException, ValueError) as error:  # The latter for a charset with a zero.
        message = f"damaged {_FORM}, or a part without a file name: send files in {FIELD!r}"
        raise HTTPException(422, message) from error
    try:
        if {*form} - {FIELD}:
            raise HTTPException(422, f"a form field that is not {FIELD!r}: send images in that")
        if not form:
            raise HTTPException(422, f"no image: send files in the form field {FIELD!r}")
        files = [file for file in form.getlist(FIELD) if isinstance(file, UploadFile)]
        return [Upload(_name(file.filename or ""), file.file.read()) for file in files]
    finally:
        await form.close()


class _Form(MultiPartParser):
    """Starlette's parser; also counts parts without a file, and refuses a form that is cut off."""

    def __init__(
        self, headers: Headers, pieces: AsyncGenerator[bytes, None], limits: Limits
    ) -> None:
        super().__init__(headers, self._all(pieces), max_files=limits.images, max_fields=0)
        self.spool_max_size = limits.body  # All of it stays in memory; nothing is written to disk.
        self._most, self._parts, self._is_complete = limits.images, 0, False

    async def _all(self, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for piece in pieces:
            yield piece
        if not self._is_complete:
            raise HTTPException(422, f"{_FORM} that ends too early")

    def on_headers_finished(self) -> None:
        part = self._current_part
        part.content_disposition = _with_plain_name(part.content_disposition)
        super().on_headers_finished()

    def on_part_begin(self) -> None:
        if self._parts == self._most:
            raise HTTPException(413, f"more than {self._most} images in one request")
        self._parts += 1
        super().on_part_begin()

    def on_end(self) -> None:
        self._is_complete = True


def _with_plain_name(disposition: bytes | None) -> bytes | None:
    """A file's name in the form of RFC 5987, which the parser ignores, as a plain one."""
    found = _EXTENDED_NAME.search(disposition or b"")
    if disposition is None or found is None:
        return disposition
    charset, escaped = (each.decode("ascii", "replace") for each in found.groups())
    try:
        name = unquote(escaped.strip(), charset, "replace")
    except LookupError:
        return disposition
    kind = re.search(
        rb"(?<![\w-])name\s*=\s*(\"[^\"]*\"|[^;\s]+)", _EXTENDED_NAME.sub(b"", disposition)
    )
    plain = re.sub(r"[\"\\\r\n]", "_", name).encode("utf-8", "replace")
    field = kind[0] if kind else b""
    return b'form-data; %s; filename="%s"' % (field, plain)


def _name(given: str) -> str:
    """A file's name as it was meant; .NET encodes names that are not ASCII as mail headers do."""
    if given.startswith("=?") and given.endswith("?="):
        with suppress(ValueError, LookupError, MessageError):
            given = str(make_header(decode_header(given)))
    return given[:_LONGEST_NAME]


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _too_large(limits: Limits) -> HTTPException:
    return HTTPException(413, f"a request may have {limits.body:,} bytes")
