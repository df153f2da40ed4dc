"""Finds out what decoding a picture would cost, before it is decoded."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import islice

from fastapi import HTTPException

from nin.data.decoding.picture_formats import MAX_SIDE, START, open_picture, why_not_read
from nin.errors import DataError

#: First bytes of the formats whose headers show how long decoding takes.
_JPEG, _PNG, _BMP = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM"

_TIFF = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}

#: Most pixels on a side. Pillow resizes one side first, with memory for every row of the other.
MOST_ON_A_SIDE = MAX_SIDE

#: Most scans of a JPEG; each goes over all pixels. Progressive JPEGs have about ten.
MOST_SCANS = 100

#: A marker with which a segment of a JPEG begins; the others stand alone or belong to a scan.
_MARKER = re.compile(rb"\xff([\xc0-\xcf\xd9-\xfe])")
_START_OF_SCAN, _END = 0xDA, 0xD9

#: Most segments of a JPEG before its first scan, and chunks of a PNG: Pillow reads them one by one.
MOST_SEGMENTS, MOST_CHUNKS = 1_000, 10_000

#: Most markers of a JPEG in all, including those of tables between its scans.
MOST_MARKERS = 10_000

#: Compressions of a BMP that Pillow unpacks in Python, two bytes at a time.
_RUN_LENGTHS = (b"\1\0\0\0", b"\2\0\0\0")

#: Most strips or tiles of a TIFF.
MOST_STRIPS = 65_536

#: Pixels, times the passes over them, that any machine decodes in a second or two.
CHEAP = 100_000_000

#: The cost of a PNG or WebP relative to a JPEG, which is decoded at a fraction of its size; and the
#: cost of a PNG with 16 bits per channel, which is unpacked twice.
PASSES, PASSES_OF_16_BITS = 4, 8

_SCAN = b"\xff\xda"
_STRIP_TAGS = (273, 279, 324, 325)


def inspect(content: bytes, most: int) -> bool:
    """Refuse pictures that should not be decoded, and find those that may take long.

    Args:
        content: content of a file.
        most: most pixels that are allowed.

    Returns:
        Whether, by its header, the picture can be decoded within a second or two; if not, decode it
        where that can be ended: see `nin.serving.decoding_process`.

    Raises:
        HTTPException: 413 for more pixels; 415 for a file that is not a picture of a known format;
            422 for a picture that is damaged, or made to be slow.
    """
    passes = 1
    if why := why_not_read(content[:START]):
        raise HTTPException(415, why)
    if content.startswith(_JPEG):
        _refuse_more("JPEG", "segments", _jpeg_segments(content), MOST_SEGMENTS)
        passes = max(1, scans(content))
        if passes > MOST_SCANS:
            raise HTTPException(422, f"a JPEG of more than {MOST_SCANS} scans")
    elif content.startswith(_PNG):
        _refuse_more("PNG", "chunks", _png_chunks(content), MOST_CHUNKS)
        passes = PASSES_OF_16_BITS if content[24:25] == b"\x10" else PASSES
        if content[12:16] != b"IHDR":  # The header with the cost is not where programs write it.
            passes = CHEAP + 1
    elif order := _TIFF.get(content[:4]):
        if max(_strips(content, order), default=0) > MOST_STRIPS:
            raise HTTPException(422, f"a TIFF of more than {MOST_STRIPS:,} strips or tiles")
        return False
    elif _is_webp(content):
        passes = PASSES
    elif not _is_plain_bmp(content):
        return False
    width, height = _size(content, most)
    return check_size(width, height, most) * passes <= CHEAP


def scans(content: bytes) -> int:
    """The number of scans of a JPEG up to its end; what follows, such as a video, is not read.

    Raises:
        HTTPException: 422, it has more markers than any program writes.
    """
    markers = list(islice(_jpeg_markers(content), MOST_MARKERS + 1))
    if len(markers) > MOST_MARKERS:
        raise HTTPException(422, f"a JPEG of more than {MOST_MARKERS:,} markers")
    return markers.count(_START_OF_SCAN)


def check_size(width: int, height: int, most: int) -> int:
    """Refuse a picture of too many pixels; returns how many it has.

    Raises:
        HTTPException: 413.
    """
    if max(width, height) > MOST_ON_A_SIDE:
        raise HTTPException(413, f"an image may have {MOST_ON_A_SIDE:,} pixels on a side")
    if width * height > most:
        raise too_many_pixels(most, f"{width}×{height} pixels")
    return width * height


def too_many_pixels(most: int, found: str) -> HTTPException:
    """The error for a picture with too many pixels."""
    return HTTPException(413, f"an image may have {most:,} pixels; this one states {found}")


def _is_plain_bmp(content: bytes) -> bool:
    return content.startswith(_BMP) and content[30:34] not in _RUN_LENGTHS


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _size(content: bytes, most: int) -> tuple[int, int]:
    from PIL import Image

    try:
        with open_picture(content) as picture:
            return picture.size
    except DataError as error:
        raise HTTPException(415, str(error)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_many_pixels(most, "far more") from error
    except Exception as error:  # Pillow's plugins raise whatever they like
        raise HTTPException(422, "a damaged picture: its header cannot be read") from error


def _refuse_more(kind: str, of: str, found: Iterator[int], most: int) -> None:
    if next(islice(found, most, None), None) is not None:
        raise HTTPException(422, f"a {kind} of more than {most:,} {of}")


def _jpeg_segments(content: bytes) -> Iterator[int]:
    """Where each segment before the first scan begins; fill bytes count as segments."""
    at = 2
    while at + 4 <= len(content) and content[at : at + 2] != _SCAN:
        yield at
        is_marker = content[at] == 0xFF and content[at + 1] not in (0x00, 0xFF)
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big") if is_marker else 1


def _jpeg_markers(content: bytes) -> Iterator[int]:
    """The kind of each marker that begins a segment, up to the end of the picture."""
    at = 2
    while (marker := _MARKER.search(content, at)) and (kind := marker[1][0]) != _END:
        yield kind
        at = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2], "big")


def _png_chunks(content: bytes) -> Iterator[int]:
    """Where each chunk begins."""
    at = len(_PNG)
    while at + 8 <= len(content):
        yield at
        at += 12 + int.from_bytes(content[at : at + 4], "big")


def _strips(content: bytes, order: str) -> Iterator[int]:
    """Every number of strips or tiles that the first directory of a TIFF states."""
    is_big = content[2:4] in (b"+\0", b"\0+")
    try:
        at = struct.unpack_from(order + ("Q" if is_big else "I"), content, 8 if is_big else 4)[0]
        count = struct.unpack_from(order + ("Q" if is_big else "H"), content, at)[0]
        at += 8 if is_big else 2
        for number in range(min(count, 65_535)):
            entry = at + number * (20 if is_big else 12)
            tag = struct.unpack_from(order + "H", content, entry)[0]
            if tag in _STRIP_TAGS:
                yield struct.unpack_from(order + ("Q" if is_big else "I"), content, entry + 4)[0]
    except (struct.error, OverflowError):
        return
