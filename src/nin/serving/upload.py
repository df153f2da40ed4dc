"""A request's body: read within limits of size and time, told apart by its Content-Type."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from fastapi import HTTPException, Request

from nin.serving.multipart import Upload, uploads
from nin.serving.settings import Limits

#: Beside image/*. The last is what curl says of whatever it is given.
_KNOWN = (
    "",
    "multipart/form-data",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
)


async def read_body(request: Request, limits: Limits, take: Callable[[int], None]) -> bytearray:
    """All bytes of the body.

    Args:
        request: whose.
        limits: too large a body is refused by its Content-Length before any of it is read; one
            that does not state its length is cut off.
        take: called with the size of each piece; may refuse.

    Raises:
        HTTPException: 408, it did not arrive in time; 413, it is too large; 422, it is empty.
        ClientDisconnect: the client went away.
    """
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:20]) > limits.body:
        raise _too_large(limits)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.seconds):
            async for piece in request.stream():
                if len(body) + len(piece) > limits.body:
                    raise _too_large(limits)
                take(len(piece))
                body += piece
    except TimeoutError as error:
        message = f"the request did not arrive within {limits.seconds:g} seconds"
        raise HTTPException(408, message) from error
    if not body:
        raise HTTPException(422, "an empty request: send an image")
    return body


def check_type(content_type: str) -> None:
    """Refuse a body that says it is something else.

    Raises:
        HTTPException: 415.
    """
    kind = _kind(content_type)
    if kind not in _KNOWN and not kind.startswith("image/"):
        raise HTTPException(
            415, "not an image: send image/*, application/octet-stream or multipart/form-data"
        )


def images_of(body: bytearray, content_type: str, limits: Limits) -> list[Upload]:
    """The images in a body: the one it is, or those of the form it is.

    Raises:
        HTTPException: 413 or 422; see `uploads`.
    """
    if _kind(content_type) == "multipart/form-data":
        return uploads(body, content_type, limits.images)
    return [Upload(None, bytes(body))]


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _too_large(limits: Limits) -> HTTPException:
    return HTTPException(413, f"a request may have {limits.body:,} bytes")
