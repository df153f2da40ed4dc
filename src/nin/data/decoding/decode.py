"""Decodes a picture file to an array, in the same way for training and for prediction."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from functools import partial
from os import PathLike, fspath
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.bit_depth import Reopen, read_pnm, to_eight_bits
from nin.data.decoding.colour_profile import to_srgb
from nin.data.decoding.orientation import turn_upright
from nin.data.decoding.picture_formats import (
    MAX_PIXELS,
    check_size,
    damage,
    has_more_frames,
    open_picture,
    reason,
)
from nin.data.decoding.stored_pixels import PNM, stored
from nin.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

#: Pillow's weights of red, green and blue in grey (ITU-R 601), and its parameter of the cubic
#: filter for resizing (Keys 1981), for code that does the same elsewhere.
LUMA, CUBIC = (0.299, 0.587, 0.114), -0.5

#: How a picture becomes a square: "squash" takes all of it and changes its aspect ratio; "crop"
#: keeps the ratio and takes the middle, as wide and as high as the short side.
ResizeMode = Literal["squash", "crop"]
RESIZE_MODES: tuple[ResizeMode, ...] = get_args(ResizeMode)

#: The remarks that a decoded picture may have.
FRAMES = "several frames or pages, of which the first is read"
PROFILE = "a colour profile that is ignored: damaged, or for other pixels"

#: Pictures with more pixels than this are decoded one at a time, so that memory stays bounded.
_LARGE, _ALONE = 51_000_000, threading.Lock()

#: How many pixels of a picture with transparency are blended with white at a time.
_STRIP = 2**20

#: EXIF orientations that exchange width and height.
_QUARTER_TURNS = (5, 6, 7, 8)


class Decoded(NamedTuple):
    """A picture, (height, width, channels), uint8, and the remarks about it."""

    image: NDArray[np.uint8]
    remarks: tuple[str, ...]


def decode(
    source: str | PathLike[str] | bytes,
    size: int | None = None,
    channels: int = 3,
    resize_mode: ResizeMode = "squash",
    bit_depth: int | None = None,
    *,
    max_pixels: int = MAX_PIXELS,
) -> NDArray[np.uint8]:
    """Decode a picture file; its format is recognised by content.

    JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, JPEG 2000 and PNM are read, and HEIC with pillow-heif. Of
    several frames or pages, the first is read. The EXIF orientation is applied, colours are
    converted to sRGB by the file's colour profile, transparent parts become white, and values are
    reduced to 8 bits by the range that the file states, or else by the smallest of 8, 10, 12, 14
    and 16 bits that holds them. With a `size`, the whole picture is resized to a square with
    antialiasing, whatever its aspect ratio, so that class maps cover all of it; or, with
    ``resize_mode="crop"``, the square in its middle is.

    Args:
        source: a path, or the file's content.
        size: side of the result in pixels. None keeps the picture's own height and width.
        channels: 3 for RGB, 1 for grey (luma, ITU-R 601).
        resize_mode: which part of the picture is resized to `size`: ``"squash"`` for all of it,
            ``"crop"`` for the square in its middle.
        bit_depth: the least bit depth to assume where a file does not state its own, such as that
            of the folder that a network was trained on. A dark picture then stays dark.
        max_pixels: largest number of pixels, by the header; larger pictures are refused.

    Returns:
        (height, width, channels), uint8.

    Raises:
        DataError: the file is missing, damaged, of another format, or has more than `max_pixels`,
            by default 200 million; or an argument is out of range.
    """
    decoder = Decoder(size, channels, resize_mode, bit_depth, max_pixels)
    return decoder.decode_with_remarks(source).image


class Decoder(NamedTuple):
    """The settings of `decode`, to decode many pictures alike."""

    size: int | None = None
    channels: int = 3
    resize_mode: ResizeMode = "squash"
    bit_depth: int | None = None
    max_pixels: int = MAX_PIXELS

    def decode_with_remarks(self, source: str | PathLike[str] | bytes) -> Decoded:
        """`decode`, with remarks about the picture: `FRAMES`, `PROFILE`, both or neither.

        Raises:
            DataError: as `decode`.
        """
        name = "image" if isinstance(source, bytes) else fspath(source)
        if self.channels not in (1, 3) or (self.size is not None and self.size < 1):
            raise DataError(
                f"cannot decode to size={self.size}, channels={self.channels}: size ≥ 1, channels"
                " 1 or 3"
            )
        check_resize_mode(self.resize_mode)
        try:
            return _decoded(source, self)
        except DataError as error:
            raise DataError(f"{name}: {error}") from error
        except damage() as error:
            raise DataError(f"{name}: {reason(error)}") from error


def _decoded(source: str | PathLike[str] | bytes, settings: Decoder) -> Decoded:
    size, channels, resize_mode, bit_depth, max_pixels = settings
    with open_picture(source) as opened:
        check_size(opened, max_pixels)
        if size is not None and opened.format in ("JPEG", "MPO"):
            # Skips detail that would not be seen. Both sides stay at least twice the size.
            opened.draft(None, (2 * size, 2 * size))
        with _ALONE if opened.width * opened.height > _LARGE else nullcontext():
            picture = _upright(opened, partial(open_picture, source), bit_depth)
            picture, is_right = to_srgb(picture, opened.info)
            image = _fitted(picture, None if size is None else (size, size), channels, resize_mode)
        remarks = ((FRAMES, has_more_frames(opened)), (PROFILE, not is_right))
        return Decoded(image, tuple(remark for remark, holds in remarks if holds))


def shown_size(content: bytes) -> tuple[int, int]:
    """The (height, width) of a picture that `decode` accepts, after its EXIF orientation."""
    from PIL import ExifTags, Image

    with open_picture(content) as opened:
        if opened.format == "PNG" and "exif" not in opened.info and (late := _late_exif(content)):
            opened.info["exif"] = late
        exif = Image.Image.getexif(opened)  # A PNG's own method would decode all of it.
        is_turned = exif.get(ExifTags.Base.Orientation) in _QUARTER_TURNS
        width, height = opened.size
        # Pillow turns a TIFF and its size by itself.
        return (width, height) if is_turned and opened.format != "TIFF" else (height, width)


def _late_exif(content: bytes) -> bytes:
    """The EXIF of a PNG that has it after its pixels; empty if it has none."""
    place = 8
    while place + 8 <= len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        if content[place + 4 : place + 8] == b"eXIf":
            return b"Exif\0\0" + content[place + 8 : place + 8 + size]
        place += 12 + size
    return b""


def fitted(
    image: NDArray[np.uint8],
    size: tuple[int, int],
    channels: int = 3,
    resize_mode: ResizeMode = "squash",
) -> NDArray[np.uint8]:
    """Convert an image in memory to a size and a number of channels, as `decode` does with a file.

    Args:
        image: (height, width, channels), uint8; grey, RGB or RGBA.
        size: (height, width) of the result.
        channels: 3 for RGB, 1 for grey.
        resize_mode: ``"squash"`` for all of the image, whatever its aspect ratio; ``"crop"`` for
            its middle, with the aspect ratio of `size`.

    Returns:
        (*size, channels), uint8; the image itself if it has that shape already.

    Raises:
        DataError: there is no such `resize_mode`.
    """
    from PIL import Image

    check_resize_mode(resize_mode)
    if image.shape == (*size, channels):
        return image
    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    return _fitted(picture, size, channels, resize_mode)


def seen_box(
    picture: tuple[int, int], resize_mode: ResizeMode, size: tuple[int, int] = (1, 1)
) -> tuple[float, float, float, float]:
    """The part of a picture that is used.

    Args:
        picture: (height, width) of the picture, in pixels.
        resize_mode: how it is resized to `size`.
        size: (height, width) of the result; only their ratio counts. By default a square.

    Returns:
        Left, top, right and bottom, in pixels; not always integers.
    """
    height, width = picture
    if resize_mode == "squash":
        return 0, 0, width, height
    wide = min(width, height * size[1] / size[0])
    high = min(height, width * size[0] / size[1])
    left, top = (width - wide) / 2, (height - high) / 2
    return left, top, left + wide, top + high


def check_resize_mode(resize_mode: str) -> None:
    """Refuse a name that is not one of `RESIZE_MODES`.

    Raises:
        DataError: it is not.
    """
    if resize_mode not in RESIZE_MODES:
        raise DataError(f"resize_mode={resize_mode!r}: must be {' or '.join(RESIZE_MODES)}")


def _upright(opened: ImageFile, reopen: Reopen, bit_depth: int | None) -> Image:
    """Load a picture the right way up, with 8 bits."""
    as_stored = stored(opened)
    if as_stored is not None and as_stored.rawmode == PNM:
        return read_pnm(opened, as_stored)
    turn_upright(opened)
    if as_stored is None:
        return opened
    return to_eight_bits(opened, as_stored, reopen, bit_depth)


def _fitted(
    picture: Image, size: tuple[int, int] | None, channels: int, resize_mode: ResizeMode
) -> NDArray[np.uint8]:
    from PIL import Image

    picture = _on_white(picture)
    if channels == 1:
        picture = picture.convert("L")
    if size is not None:
        box = seen_box((picture.height, picture.width), resize_mode, size)
        picture = picture.resize(size[::-1], Image.Resampling.BICUBIC, box, reducing_gap=2.0)
    return np.array(picture, np.uint8).reshape(picture.height, picture.width, channels)


def _on_white(picture: Image) -> Image:
    """A picture in RGB, with transparency blended with white, in strips to save memory."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture.convert("RGB")
    found = Image.new("RGB", picture.size)
    rows = max(1, _STRIP // picture.width)
    for top in range(0, picture.height, rows):
        box = (0, top, picture.width, min(top + rows, picture.height))
        layer = picture.crop(box).convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        found.paste(Image.alpha_composite(white, layer).convert("RGB"), box)
    return found
