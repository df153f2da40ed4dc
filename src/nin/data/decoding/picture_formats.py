"""The formats of picture files that are read: recognised by their first bytes, and opened."""

from __future__ import annotations

import functools
import importlib
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from os import PathLike
from typing import IO, TYPE_CHECKING, NamedTuple

from nin.data.storage.picture_store import open_stored
from nin.errors import DataError
from nin.installing import install_line

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

#: The formats in words.
READ = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC, JPEG 2000 or PNM"

#: Pictures with more pixels are refused, as a small file can claim any size: phone cameras have
#: at most 200 megapixels.
MAX_PIXELS = 200_000_000

#: The longest side that a JPEG can have. No real picture has a longer one, and each row takes
#: memory of its own, however short.
MAX_SIDE = 65_535

#: How many bytes at the start of a file tell its format.
START = 64

_PNM = re.compile(rb"P(?:[1-6]|f)\s+(?:\d+\s|#)")
_BITMAP_HEADERS = {size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124)}
_HEIF_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 mif2 msf1".split())

#: Pillow's name of a format → the module that reads it.
_MODULES = {
    "JPEG": "PIL.JpegImagePlugin",
    "PNG": "PIL.PngImagePlugin",
    "WEBP": "PIL.WebPImagePlugin",
    "GIF": "PIL.GifImagePlugin",
    "BMP": "PIL.BmpImagePlugin",
    "TIFF": "PIL.TiffImagePlugin",
    "AVIF": "PIL.AvifImagePlugin",
    "JPEG2000": "PIL.Jpeg2KImagePlugin",
    "PPM": "PIL.PpmImagePlugin",
    "HEIF": "pillow_heif",
}

_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
}

_DAMAGE = (
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


class Refused(NamedTuple):
    """Files that are recognised but not read: how they begin, and what to do with them."""

    beginning: re.Pattern[bytes]
    advice: str


_JPEG_XL = Refused(
    re.compile(rb"\xff\x0a|\0\0\0\x0cJXL \r\n\x87\n"),
    "a JPEG XL picture, which is not read: save it as JPEG or PNG",
)
_RAW = Refused(
    re.compile(
        rb"II\*\0.{4}CR|.{4}ftypcrx |FUJIFILMCCD-RAW|IIR[OS]|IIU\0|MMOR",
        re.DOTALL,
    ),
    "a camera's raw file, which is not read: develop it, and save it as JPEG or TIFF",
)
_SVG = Refused(
    re.compile(rb"\s*<(?:svg|\?xml|!DOCTYPE svg)"),
    "a drawing in SVG, which has no pixels: save it as PNG",
)

#: Tags of a TIFF: the version of DNG, and whether this is a smaller copy of another picture.
_DNG_VERSION, _NEW_SUBFILE_TYPE, _REDUCED = 50706, 254, 1


def picture_format(start: bytes) -> str | None:
    """Pillow's name for the format of a file with this beginning; None if it is not supported.

    Args:
        start: `START` bytes, or the whole file if it has fewer.
    """
    for beginning, name in _BEGINNINGS.items():
        if start.startswith(beginning):
            return name
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if start[4:8] == b"ftyp":
        return _of_media_file(start)
    if start[:2] == b"BM" and start[14:18] in _BITMAP_HEADERS:
        return "BMP"
    return "PPM" if _PNM.match(start) else None


def begins_like_a_picture(start: bytes) -> bool:
    """Whether a file with this beginning is a picture, even of a format that is not read.

    Args:
        start: `START` bytes, or the whole file if it has fewer.
    """
    return picture_format(start) is not None or any(
        each.beginning.match(start) for each in (_JPEG_XL, _RAW)
    )


def why_not_read(start: bytes) -> str | None:
    """Why files with this beginning are not read, in one line; None if they are.

    Args:
        start: `START` bytes, or the whole file if it has fewer.
    """
    for each in (_JPEG_XL, _RAW, _SVG):
        if each.beginning.match(start):
            return each.advice
    name = picture_format(start)
    if name is None:
        return f"not a {READ} picture"
    if _reader(name) is not None:
        return None
    if name == "HEIF":
        line = install_line("heic")
        return f"HEIC needs pillow-heif, which is not installed: {line}, or save it as JPEG"
    return f"{name} is not read by this version of Pillow: save it as JPEG or PNG"


@contextmanager
def open_picture(source: str | PathLike[str] | bytes) -> Iterator[ImageFile]:
    """Open a picture by its first bytes, whatever its name; nothing is decoded yet.

    `PIL.Image.open` warns or raises at a size limit of its own, which is global, so it is not used.

    Args:
        source: a path, or the file's content.

    Raises:
        DataError: its format is not read.
        OSError: it cannot be opened. If its header is damaged, Pillow may raise other errors.
    """
    with BytesIO(source) if isinstance(source, bytes) else open_stored(source) as file:
        start = file.read(START)
        if why := why_not_read(start):
            raise DataError(why)
        reader = _reader(picture_format(start) or "")
        assert reader is not None
        file.seek(0)
        with reader(file, "") as picture:
            _check_raw(picture)
            yield picture


def check_size(picture: ImageFile, most: int = MAX_PIXELS) -> None:
    """Refuse a picture that is too large, by its header.

    Raises:
        DataError: it has more pixels than `most`, or a side longer than `MAX_SIDE`.
    """
    width, height = picture.size
    if width * height > most:
        raise DataError(f"{width}×{height} pixels: above {most:,}")
    if max(width, height) > MAX_SIDE:
        raise DataError(f"{width}×{height} pixels: a side above {MAX_SIDE:,}")


def damage() -> tuple[type[BaseException], ...]:
    """What Pillow and its decoders raise for files that are damaged or cannot be read."""
    from PIL.Image import DecompressionBombError, DecompressionBombWarning

    return (*_DAMAGE, DecompressionBombError, DecompressionBombWarning)


def reason(error: BaseException) -> str:
    """What is wrong with a file, in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    words = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, SyntaxError):
        return f"its header is damaged, or of a kind that is not read ({words})"
    return words


def has_more_frames(picture: ImageFile) -> bool:
    """Whether a picture, once loaded, has more frames or pages after the first.

    The extra pictures in a camera's MPO file, such as a preview or a depth map, do not count.
    """
    if picture.format == "MPO":
        return False
    try:
        return bool(getattr(picture, "is_animated", False))
    except Exception:  # noqa: BLE001 - only the second frame is damaged
        return False


def _of_media_file(start: bytes) -> str | None:
    """AVIF or HEIF, by the brands in the first box; the major brand may be common to both."""
    end = min(int.from_bytes(start[:4], "big"), len(start))
    major, others = start[8:12], {start[at : at + 4] for at in range(16, end - 3, 4)}
    if major in (b"avif", b"avis") or (major in (b"mif1", b"msf1") and b"avif" in others):
        return "AVIF"
    return "HEIF" if major in _HEIF_BRANDS else None


@functools.cache
def _reader(name: str) -> Callable[[IO[bytes], str], ImageFile] | None:
    """What opens files of a format; None if it is not installed."""
    from PIL import Image

    try:
        module = importlib.import_module(_MODULES[name])
    except ImportError:
        return None
    reader: Callable[[IO[bytes], str], ImageFile]
    reader = module.HeifImageFile if name == "HEIF" else Image.OPEN[name][0]
    return reader


def _check_raw(picture: ImageFile) -> None:
    """Refuse a raw file that looks like a TIFF: only a thumbnail of it could be read."""
    tags = getattr(picture, "tag_v2", None)
    if tags is None or picture.format != "TIFF":
        return
    if _DNG_VERSION in tags or tags.get(_NEW_SUBFILE_TYPE, 0) == _REDUCED:
        raise DataError(
            "a camera's raw file, of which only a preview could be read: develop it, and save it"
            " as JPEG or TIFF"
        )
