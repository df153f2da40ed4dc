"""The images of a request: read within limits, and inspected before they are decoded."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from fastapi import HTTPException, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from nin.data.decode import FORMATS
from nin.serving.settings import Limits

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


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


#: The form field that holds images.
FIELD = "images"

#: Of a file's name, as many characters are told back.
_LONGEST_NAME = 255


class Upload(NamedTuple):
    """An image that was sent, and the name it was given, if any."""

    name: str | None
    content: bytes


def uploads(body: bytes | bytearray, content_type: str, most: int) -> list[Upload]:
    """The images of a form.

    Args:
        body: all of the request's.
        content_type: the header, which names what divides the parts.
        most: parts that are allowed.

    Raises:
        HTTPException: 413, more parts; 422, it is no such form, or has other fields or none.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise HTTPException(422, "multipart/form-data without a boundary")
    form = _Form(most)
    try:
        parser = MultipartParser(boundary, form.callbacks())
        parser.write(bytes(body))
    except FormParserError as error:
        raise HTTPException(422, "damaged multipart/form-data") from error
    if not form.is_complete:
        raise HTTPException(422, "multipart/form-data that ends too early")
    if not form.found:
        raise HTTPException(422, f"no image: send files in the form field {FIELD!r}")
    return form.found


class _Form:
    """What a parser has come across so far."""

    def __init__(self, most: int) -> None:
        self.found: list[Upload] = []
        self.is_complete = False
        self._most = most

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._part_begin,
            "on_header_begin": self._header_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        if len(self.found) == self._most:
            raise HTTPException(413, f"more than {self._most} images in one request")
        self._headers: dict[bytes, bytes] = {}
        self._content = bytearray()

    def _header_begin(self) -> None:
        self._key, self._value = bytearray(), bytearray()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._key += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._key).lower()] = bytes(self._value)

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if options.get(b"name") != FIELD.encode():
            raise HTTPException(422, f"a form field that is not {FIELD!r}: send images in that")
        name = options.get(b"filename")
        self._name = None if name is None else name.decode(errors="replace")[:_LONGEST_NAME]

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._content += memoryview(data)[start:end]

    def _part_end(self) -> None:
        self.found.append(Upload(self._name, bytes(self._content)))

    def _end(self) -> None:
        self.is_complete = True


#: What files of `nin.data.decode.FORMATS` begin with.
_BEGINNINGS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
)

#: Begins each scan of a JPEG. Progressive ones have about ten, and every scan goes over all pixels:
#: thousands fit into a small file, and would take hours.
_SCAN, _MOST_SCANS = b"\xff\xda", 100


def inspect(content: bytes, most: int) -> None:
    """Refuse what should not be decoded.

    Args:
        content: of a file.
        most: pixels that are allowed.

    Raises:
        HTTPException: 413, it has more pixels; 415, it is not a picture of a known format; 422, it
            is a damaged one.
    """
    if not _begins_like_a_picture(content):
        raise HTTPException(415, "not a JPEG, PNG, WebP, BMP or TIFF picture")
    if content.startswith(_BEGINNINGS[0]) and content.count(_SCAN) > _MOST_SCANS:
        raise HTTPException(422, f"a JPEG of more than {_MOST_SCANS} scans")
    width, height = _size(content, most)
    if width * height > most:
        raise _too_many_pixels(most, f"{width}×{height} pixels")


def _begins_like_a_picture(content: bytes) -> bool:
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return is_webp or content.startswith(_BEGINNINGS)


def _size(content: bytes, most: int) -> tuple[int, int]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            return picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(most, "far more") from error
    except Exception as error:  # a stranger's bytes; plugins raise what they like
        raise HTTPException(422, "a damaged picture: its header cannot be read") from error


def _too_many_pixels(most: int, found: str) -> HTTPException:
    return HTTPException(413, f"an image may have {most:,} pixels; this one states {found}")
