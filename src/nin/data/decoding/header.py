"""Format, mode and size of a picture file, from its header; no pixel is decoded."""

from __future__ import annotations

from typing import NamedTuple

from nin.data.decoding.picture_formats import damage, open_picture, reason
from nin.errors import DataError


class Header(NamedTuple):
    """What a picture file's header holds.

    Attributes:
        format: Pillow's name for the format, by the first bytes: ``"JPEG"``.
        mode: Pillow's name for the kind of pixels: ``"RGB"``, ``"L"`` for grey, ``"CMYK"``.
        width: in pixels, as stored: before an EXIF orientation is applied.
        height: likewise.
    """

    format: str
    mode: str
    width: int
    height: int


def read_header(path: str) -> Header:
    """Read the header of a picture file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with open_picture(path) as opened:
            return Header(opened.format or "", opened.mode, *opened.size)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except damage() as error:
        raise DataError(f"{path}: {reason(error)}") from error
