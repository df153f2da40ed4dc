"""One picture file to an array of bytes: the same for training and for prediction."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nin.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")

#: Weights of red, green and blue in grey (ITU-R 601), and the parameter of the cubic filter that
#: resizes (Keys 1981): Pillow's, for whoever does the same elsewhere.
LUMA, CUBIC = (0.299, 0.587, 0.114), -0.5

#: Pictures of more pixels are refused: a small file can claim any size.
MAX_PIXELS = 89_000_000

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
    source: str | PathLike[str] | bytes, size: int | None = None, channels: int = 3
) -> NDArray[np.uint8]:
    """Read a JPEG, PNG, WebP, BMP or TIFF, known by its content; of several frames, the first.

    The picture is turned as its EXIF orientation says, laid on white where it is transparent, and
    brought to 8 bits (16-bit values are divided by 257, not clipped). With a `size` the whole
    picture is resized to a square, antialiased; its aspect ratio is given up, so that every pixel
    counts and class maps cover all of it.

    Args:
        source: a path, or the file's content.
        size: side of the result in pixels; None keeps the picture's own height and width.
        channels: 3 for RGB, 1 for grey (luma, ITU-R 601).

    Returns:
        (height, width, channels), uint8.

    Raises:
        DataError: the file is missing, damaged, of another format, or above `MAX_PIXELS`.
    """
    name = "image" if isinstance(source, bytes) else fspath(source)
    if channels not in (1, 3) or (size is not None and size < 1):
        raise DataError(
            f"cannot decode to size={size}, channels={channels}: size ≥ 1, channels 1 or 3"
        )
    try:
        return _decoded(BytesIO(source) if isinstance(source, bytes) else source, size, channels)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error
    except _damage() as error:
        raise DataError(f"{name}: {_reason(error)}") from error


def _decoded(source: Any, size: int | None, channels: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    with Image.open(source, formats=FORMATS) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            raise DataError(f"{opened.width}×{opened.height} pixels: above {MAX_PIXELS:,}")
        if size is not None:
            opened.draft(None, (2 * size, 2 * size))  # JPEG only: skips detail nobody will see
        picture = _eight_bits(ImageOps.exif_transpose(opened))
    return _fitted(picture, None if size is None else (size, size), channels)


def fitted(image: NDArray[np.uint8], size: tuple[int, int], channels: int = 3) -> NDArray[np.uint8]:
    """Bring an image in memory to a size and a number of channels, as `decode` brings a file's.

    Args:
        image: (height, width, channels), uint8; grey, RGB or RGBA.
        size: (height, width) of the result; the aspect ratio is given up.
        channels: 3 for RGB, 1 for grey.

    Returns:
        (*size, channels), uint8; the image itself where nothing is to be done.
    """
    from PIL import Image

    if image.shape == (*size, channels):
        return image
    return _fitted(Image.fromarray(image[..., 0] if image.shape[2] == 1 else image), size, channels)


def _fitted(picture: Image, size: tuple[int, int] | None, channels: int) -> NDArray[np.uint8]:
    from PIL import Image

    picture = _on_white(picture).convert("RGB")
    if channels == 1:
        picture = picture.convert("L")
    if size is not None:
        picture = picture.resize(size[::-1], Image.Resampling.BICUBIC, reducing_gap=2.0)
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
