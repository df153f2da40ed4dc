"""What a picture is and how large, from its first bytes: before anything is decoded."""

from __future__ import annotations

import io

from fastapi import HTTPException

from nin.data.decode import FORMATS

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
        raise _too_large(most, f"{width}×{height} pixels")


def _begins_like_a_picture(content: bytes) -> bool:
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return is_webp or content.startswith(_BEGINNINGS)


def _size(content: bytes, most: int) -> tuple[int, int]:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            return picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(most, "far more") from error
    except Exception as error:  # a stranger's bytes; plugins raise what they like
        raise HTTPException(422, "a damaged picture: its header cannot be read") from error


def _too_large(most: int, found: str) -> HTTPException:
    return HTTPException(413, f"an image may have {most:,} pixels; this one states {found}")
