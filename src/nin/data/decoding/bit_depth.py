"""Pixels of more than 8 bits, reduced to 8 by the bit depth that they were taken with.

Microscopes, X-ray and thermal cameras deliver 10, 12 or 14 bits, which are stored in files of 16.
Few files state the original bit depth. It is then taken to be the smallest of `DEPTHS` that holds
the largest value: of the picture alone, if nothing else is known. The pictures of a training folder
share one bit depth, so that a dark picture stays dark, and the run and its exports keep it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.orientation import turn_upright
from nin.data.decoding.stored_pixels import PLANAR, Stored, stored
from nin.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

#: Reopens a picture's file.
Reopen = Callable[[], AbstractContextManager["ImageFile"]]

#: How many values are scaled at a time; each takes sixteen bytes.
_AT_A_TIME = 2**20

#: The bit depths that are considered where a file does not state its own.
DEPTHS = (8, 10, 12, 14, 16)


def to_eight_bits(
    picture: Image, as_stored: Stored, reopen: Reopen, bit_depth: int | None = None
) -> Image:
    """Reduce the pixels of a picture to 8 bits.

    Args:
        picture: as Pillow has loaded it.
        as_stored: what its file states.
        reopen: reopens the file.
        bit_depth: the least bit depth to assume where the file does not state its own.

    Raises:
        DataError: the range of the values cannot be determined.
    """
    if as_stored.is_colour:
        return _colours(picture, as_stored, reopen, bit_depth)
    values = np.asarray(picture)
    if picture.mode == "F":
        return _fractions(values)
    top = as_stored.top or _top(max(_bits(values, as_stored), bit_depth or 0))
    return _grey(picture, values, top, as_stored.is_inverted)


def unstated_depth(picture: ImageFile) -> int | None:
    """The bit depth that a picture's values need; None if its file states it. Loads the picture.

    Raises:
        DataError: the range of the values cannot be determined.
    """
    as_stored = stored(picture)
    if as_stored is None or as_stored.top is not None or picture.mode == "F":
        return None
    picture.load()
    if as_stored.is_colour:
        return _bits_of_colours(picture, as_stored)
    return _bits(np.asarray(picture), as_stored)


def read_pnm(picture: ImageFile, as_stored: Stored) -> Image:
    """Read a binary PNM whose white is neither 255 nor 65,535, faster than Pillow does."""
    from PIL import Image

    maxval = as_stored.top
    assert picture.fp is not None
    assert maxval is not None
    bands = picture.getbands()
    kind = np.dtype("u1" if maxval < 256 else ">u2")
    count = picture.width * picture.height * len(bands)
    picture.fp.seek(picture.tile[0].offset)
    content = picture.fp.read(count * kind.itemsize)
    if len(content) < count * kind.itemsize:
        raise OSError("image file is truncated")
    values = _scaled(np.frombuffer(content, kind), maxval)
    shape = (picture.height, picture.width, len(bands))
    return Image.fromarray(values.reshape(shape if len(bands) > 1 else shape[:2]))


def _bits(values: NDArray[Any], as_stored: Stored) -> int:
    """The bit depth of grey values."""
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65_535:
        raise DataError(
            f"values from {low} to {high} have no agreed range: save it with 8 or 16 bits, 0 for"
            " black"
        )
    if (bits := as_stored.significant) is None:
        return _depth(max(high, as_stored.least))
    below = values & ((1 << (16 - bits)) - 1)
    if ((below == 0) | (below == values >> bits)).all():
        return 16  # Scaled to all 16 bits, as the format requires.
    return _depth(max(high, (1 << bits) - 1))


def _bits_of_colours(picture: Image, as_stored: Stored) -> int:
    """The bit depth of colours: their high bytes suffice to tell all of `DEPTHS` apart."""
    extrema = picture.getextrema()
    colours = extrema[:-1] if picture.mode == "RGBA" else extrema
    brightest = max(int(high) for _, high in colours)  # type: ignore[misc]
    significant = (1 << (as_stored.significant or 0)) - 1
    return _depth(max(brightest << 8, as_stored.least, significant))


def _colours(picture: Image, as_stored: Stored, reopen: Reopen, bit_depth: int | None) -> Image:
    from PIL import Image

    bits = max(_bits_of_colours(picture, as_stored), bit_depth or 0)
    if bits == 16:
        return picture
    if as_stored.is_planar:
        raise DataError(PLANAR)
    with reopen() as again:
        again.tile = [
            tile._replace(args=_low_bytes(as_stored.rawmode, tile.args)) for tile in again.tile
        ]
        turn_upright(again)
        low = again.copy()
    if as_stored.rawmode == "LA;16B":  # Read as RGBA: all four bytes of a pixel, in order.
        grey, grey_low, opacity, opacity_low = low.split()
        pairs, mode = [(grey, grey_low), (opacity, opacity_low)], "LA"
    else:
        pairs, mode = list(zip(picture.split(), low.split(), strict=True)), picture.mode
    top = _top(bits)
    bands = [np.asarray(low) | np.asarray(high).astype(np.uint16) << 8 for high, low in pairs]
    tops = [top if band.max() <= top else 65_535 for band in bands]  # Opacity may use 16 bits.
    return Image.merge(
        mode, [Image.fromarray(_scaled(*each)) for each in zip(bands, tops, strict=True)]
    )


def _low_bytes(rawmode: str, arguments: Any) -> Any:
    """A decoder's arguments, changed so that it keeps the byte that it would drop."""
    order = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}[rawmode[-1]]
    changed = "RGBA" if rawmode == "LA;16B" else rawmode[:-1] + order
    return changed if isinstance(arguments, str) else (changed, *arguments[1:])


def _grey(picture: Image, values: NDArray[Any], top: int, is_inverted: bool) -> Image:
    from PIL import Image

    scaled = _scaled(values, top)
    found = Image.fromarray(255 - scaled if is_inverted else scaled)
    clear = picture.info.get("transparency")
    if isinstance(clear, int):
        found.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return found


def _fractions(values: NDArray[Any]) -> Image:
    from PIL import Image

    low, high = float(values.min()), float(values.max())
    if not 0 <= low <= high <= 1:
        raise DataError(
            f"32-bit values from {low:g} to {high:g} have no agreed range: fractions from 0 to 1"
            " are read, or save it with 8 or 16 bits"
        )
    return Image.fromarray(np.rint(values * 255).astype(np.uint8))


def _scaled(values: NDArray[Any], top: int) -> NDArray[np.uint8]:
    """Scale integers from 0…`top` to 0…255, rounded."""
    found = np.empty(values.shape, np.uint8)
    rows = max(1, _AT_A_TIME // values[0].size)
    for first in range(0, len(values), rows):
        wide = values[first : first + rows].astype(np.uint32)
        found[first : first + rows] = np.minimum((wide * 255 + (top - 1) // 2) // top, 255)
    return found


def _depth(largest: int) -> int:
    return next(bits for bits in DEPTHS if largest < 1 << bits)


def _top(bits: int) -> int:
    return (1 << bits) - 1
