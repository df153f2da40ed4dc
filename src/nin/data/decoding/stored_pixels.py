"""What a picture's file states about its pixels, where they are not plain bytes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from nin.errors import DataError

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

#: Used as rawmode of a PNM whose white is neither 255 nor 65,535, which we read ourselves.
PNM = "ppm"

#: TIFF tags: bits, what zero means, whether each colour has a plane of its own (2), and the
#: largest value, which has two tags.
_BITS, _PHOTOMETRIC, _PLANES, _LARGEST = 258, 262, 284, (281, 341)

#: Of these, Pillow reads only the high bytes; if they are uncompressed, it reads them wrongly.
PLANAR = (
    "colours of more than 8 bits, each in a plane of its own, are not read: save it with its"
    " colours interleaved"
)


class Stored(NamedTuple):
    """What a file states about pixels that are not plain bytes, before they are read.

    Attributes:
        rawmode: how Pillow unpacks them.
        top: the value of white. None: the file does not state it.
        least: a value that the range must include.
        is_inverted: whether zero is white.
        is_planar: whether each colour has a plane of its own.
        significant: of a PNG, the number of significant bits; the others are zero, or repeat them.
    """

    rawmode: str
    top: int | None = None
    least: int = 0
    is_inverted: bool = False
    is_planar: bool = False
    significant: int | None = None

    @property
    def is_colour(self) -> bool:
        """Whether these are colours of 16 bits, of which Pillow keeps only the high byte."""
        return self.rawmode[-4:-1] == ";16" and self.rawmode[0] not in "IF"


def stored(picture: ImageFile) -> Stored | None:
    """How the pixels of a picture that is not loaded yet are stored; None for plain bytes.

    Raises:
        DataError: they are stored in a way that Pillow would misread.
    """
    if not picture.tile:
        return None
    tags = getattr(picture, "tag_v2", {})
    codec, _, _, arguments = picture.tile[0]
    values = arguments if isinstance(arguments, tuple) else (arguments or "",)
    found = Stored(rawmode=str(values[0]))
    if codec == PNM:
        return Stored(PNM, top=int(values[1]))
    is_planar = tags.get(_PLANES) == 2 and tags.get(_BITS, (8,))[0] > 8
    if is_planar and codec == "raw":
        raise DataError(PLANAR)
    if not (picture.mode[0] in "IF" or found.is_colour):
        return None
    if picture.format in ("PPM", "JPEG2000"):
        return found._replace(top=65_535)
    if picture.format == "PNG":
        return found._replace(significant=_significant_bits(picture.fp))
    return found._replace(
        top=4095 if found.rawmode == "I;12" else None,
        least=max([*_whole_numbers(tags.get(tag) for tag in _LARGEST), 0]),
        is_inverted=tags.get(_PHOTOMETRIC) == 0,
        is_planar=is_planar,
    )


def _whole_numbers(found: Any) -> list[int]:
    """The integers from 1 to 65,535 in the values of some tags, which may be tuples."""
    every = (value for each in found for value in (each if isinstance(each, tuple) else (each,)))
    return [value for value in every if isinstance(value, int) and 0 < value < 65_536]


def _significant_bits(file: Any) -> int | None:
    """The significant bits of a PNG, from its sBIT chunk, which precedes the pixels."""
    here = file.tell()
    try:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"sBIT":
                bits = max(file.read(min(length, 4)), default=16)
                return bits if 0 < bits < 16 else None
            if kind in (b"IDAT", b"IEND"):
                break
            file.seek(length + 4, 1)
    finally:
        file.seek(here)
    return None
