"""Decodes one picture file to an array, in the same way for training and for prediction."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nin.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")

#: Weights of red, green and blue in grey (ITU-R 601), and the parameter of the cubic filter that
#: resizes (Keys 1981): Pillow's, for code that does the same elsewhere.
LUMA, CUBIC = (0.299, 0.587, 0.114), -0.5

#: How a picture becomes a square: "squash" takes all of it and gives up its aspect ratio; "crop"
#: keeps the ratio and takes its middle, as wide and as high as its short side.
Fit = Literal["squash", "crop"]
FITS: tuple[Fit, ...] = get_args(Fit)

#: Pictures of more pixels are refused: a small file can claim any size.
MAX_PIXELS = 89_000_000

#: EXIF orientations that exchange width and height.
_QUARTER_TURNS = (5, 6, 7, 8)

_DAMAGED = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    RuntimeError,
    AssertionError,
    AttributeError,
    MemoryError,
    struct.error,
    zlib.error,
)


def decode(
    source: str | PathLike[str] | bytes,
    size: int | None = None,
    channels: int = 3,
    fit: Fit = "squash",
) -> NDArray[np.uint8]:
    """Decode a JPEG, PNG, WebP, BMP or TIFF, recognised by content; of several frames, the first.

    Its EXIF orientation is applied, transparent parts become white, and values are brought to 8
    bits (16-bit values are divided by 257, not clipped). With a `size` it is resized to a square,
    with antialiasing: the whole picture, whatever its aspect ratio, so that class maps cover all of
    it; or, with ``fit="crop"``, the square in its middle.

    Args:
        source: a path, or the file's content.
        size: side of the result in pixels; None keeps the picture's own height and width.
        channels: 3 for RGB, 1 for grey (luma, ITU-R 601).
        fit: which part of the picture is resized to `size`: ``"squash"`` for all of it, ``"crop"``
            for the square in its middle.

    Returns:
        (height, width, channels), uint8.

    Raises:
        DataError: the file is missing, damaged, of another format, or has more than `MAX_PIXELS`;
            an argument is out of range.
    """
    name = "image" if isinstance(source, bytes) else fspath(source)
    if channels not in (1, 3) or (size is not None and size < 1):
        raise DataError(
            f"cannot decode to size={size}, channels={channels}: size ≥ 1, channels 1 or 3"
        )
    check_fit(fit)
    content = BytesIO(source) if isinstance(source, bytes) else source
    try:
        return _decoded(content, size, channels, fit)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    except _damage() as error:
        raise DataError(f"{name}: {_reason(error)}") from error


def _decoded(source: Any, size: int | None, channels: int, fit: Fit) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    with Image.open(source, formats=FORMATS) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise DataError(f"{opened.width}×{opened.height} pixels: above {MAX_PIXELS:,}")
        if size is not None:
            # JPEG only: skips detail nobody will see. Both sides stay at twice the size or above.
            opened.draft(None, (2 * size, 2 * size))
        picture = _eight_bits(ImageOps.exif_transpose(opened))
    return _fitted(picture, None if size is None else (size, size), channels, fit)


def shown_size(content: bytes) -> tuple[int, int]:
    """The (height, width) of a picture that `decode` accepts, after its EXIF orientation."""
    from PIL import ExifTags, Image

    with Image.open(BytesIO(content), formats=FORMATS) as opened:
        is_turned = opened.getexif().get(ExifTags.Base.Orientation) in _QUARTER_TURNS
        width, height = opened.size
        # Pillow turns a TIFF, and its size, by itself.
        return (width, height) if is_turned and opened.format != "TIFF" else (height, width)


def fitted(
    image: NDArray[np.uint8], size: tuple[int, int], channels: int = 3, fit: Fit = "squash"
) -> NDArray[np.uint8]:
    """Bring an image in memory to a size and a number of channels, as `decode` does with a file.

    Args:
        image: (height, width, channels), uint8; grey, RGB or RGBA.
        size: (height, width) of the result.
        channels: 3 for RGB, 1 for grey.
        fit: ``"squash"`` for all of the image, whatever its aspect ratio; ``"crop"`` for its
            middle, in the ratio of `size`.

    Returns:
        (*size, channels), uint8; the image itself if it has that shape already.

    Raises:
        DataError: there is no such `fit`.
    """
    from PIL import Image

    check_fit(fit)
    if image.shape == (*size, channels):
        return image
    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    return _fitted(picture, size, channels, fit)


def seen_box(
    picture: tuple[int, int], fit: Fit, size: tuple[int, int] = (1, 1)
) -> tuple[float, float, float, float]:
    """The part of a picture that is used.

    Args:
        picture: its (height, width), in pixels.
        fit: how it is brought to `size`.
        size: (height, width) of the result, of which only the ratio counts; by default a square.

    Returns:
        Left, top, right and bottom, in pixels; not whole numbers where a margin is odd.
    """
    height, width = picture
    if fit == "squash":
        return 0, 0, width, height
    wide = min(width, height * size[1] / size[0])
    high = min(height, width * size[0] / size[1])
    left, top = (width - wide) / 2, (height - high) / 2
    return left, top, left + wide, top + high


def check_fit(fit: str) -> None:
    """Refuse a name that is none of `FITS`.

    Raises:
        DataError: it is not.
    """
    if fit not in FITS:
        raise DataError(f"fit={fit!r}: pictures are fitted by {' or '.join(FITS)}")


def _fitted(
    picture: Image, size: tuple[int, int] | None, channels: int, fit: Fit
) -> NDArray[np.uint8]:
    from PIL import Image

    picture = _on_white(picture).convert("RGB")
    if channels == 1:
        picture = picture.convert("L")
    if size is not None:
        box = seen_box((picture.height, picture.width), fit, size)
        picture = picture.resize(size[::-1], Image.Resampling.BICUBIC, box, reducing_gap=2.0)
    return np.array(picture, np.uint8).reshape(picture.height, picture.width, channels)


def _eight_bits(picture: Image) -> Image:
    from PIL import Image

    if picture.mode.startswith("I;16"):
        values = np.asarray(picture).astype(np.uint32)
        return Image.fromarray(((values + 128) // 257).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise DataError("32-bit pixels have no agreed range: save it with 8 or 16 bits")
    return picture


def _on_white(picture: Image) -> Image:
    from PIL import Image

    if not picture.has_transparency_data:
        return picture
    layer = picture.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer)


def _damage() -> tuple[type[BaseException], ...]:
    from PIL.Image import DecompressionBombError, DecompressionBombWarning

    return (*_DAMAGED, DecompressionBombError, DecompressionBombWarning)


def _reason(error: BaseException) -> str:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "not a JPEG, PNG, WebP, BMP or TIFF picture"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
