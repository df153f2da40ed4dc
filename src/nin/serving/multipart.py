"""The files of a multipart/form-data body, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastapi import HTTPException
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

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
