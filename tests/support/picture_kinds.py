"""Every kind of picture file: a small one of each, and what becomes of it.

The tests hold this against what is decoded, and docs/images.md against `table`.

Run: python tests/support/picture_kinds.py writes the table into docs/images.md anew.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from colour_profiles import linear_grey, press, swapped
from picture_files import (
    BLACK,
    DARK,
    LEFT,
    PALE,
    RIGHT,
    WHITE,
    bitmap_of_windows,
    broken_profile,
    clear,
    clear_palette,
    deep_png,
    encoded,
    frames,
    grey,
    halves,
    heic,
    kept,
    numbers,
    packed_twelve_bits,
    pair_of_pictures,
    photograph_and_video,
    png_header,
    profile_of_other_pixels,
    raw_of_a_camera,
    turned,
    white_is_zero,
    with_chunk,
)

PAGE = Path(__file__).parents[2] / "docs/images.md"

#: What the page of `nin export --to web` makes of a picture.
SAME, NOT_READ = "the same", "not read"


class Kind(NamedTuple):
    """A kind of picture.

    Attributes:
        name: as the table calls it.
        happens: as the table tells it.
        make: gives the content of a small one, of 16×8 pixels where it is read.
        left: colour of its left half once decoded; or words of the line that refuses it.
        right: colour of its right half.
        browser: what Chromium makes of it.
    """

    name: str
    happens: str
    make: Callable[[], bytes]
    left: tuple[int, ...] | str = LEFT
    right: tuple[int, ...] = RIGHT
    browser: str = SAME


FIRST = "the first frame; the number of such files is printed"
IGNORED = "ignored; the number of such files is printed"
RANGE = "to 8 bits by its range, see below"
GREYS = (PALE, DARK)
LIGHT = ((229,) * 3, (79,) * 3)
FINE, BITS = {"quality": 95}, (200 * 257, 20 * 257)

READ = [
    Kind("JPEG", "as it is", kept("JPEG", **FINE)),
    Kind("JPEG, progressive", "as it is", kept("JPEG", progressive=True, **FINE)),
    Kind("JPEG, grey", "three equal channels", kept("JPEG", grey, **FINE), *GREYS),
    Kind("JPEG with a video behind it (motion photo)", "the photograph", photograph_and_video),
    Kind("MPO (photograph, preview, map of depths)", "the photograph", pair_of_pictures),
    Kind("PNG", "as it is", kept("PNG")),
    Kind("PNG, palette", "its colours", kept("PNG", lambda: halves().quantize(4))),
    Kind("PNG, 1 bit", "black and white", kept("PNG", lambda: grey(1, 0, "1")), WHITE, BLACK),
    Kind("WebP", "as it is", kept("WEBP", **FINE)),
    Kind("WebP, lossless", "as it is", kept("WEBP", lossless=True)),
    Kind("GIF", "as it is", kept("GIF")),
    Kind("BMP", "as it is", bitmap_of_windows),
    Kind("AVIF", "as it is", kept("AVIF", **FINE)),
    Kind(
        *("HEIC", "as it is, with `pip install 'keras-nin[heic]'`", heic),
        browser="not read; Safari reads it",
    ),
    Kind("TIFF", "as it is", kept("TIFF"), browser=NOT_READ),
    Kind("TIFF, LZW", "as it is", kept("TIFF", compression="tiff_lzw"), browser=NOT_READ),
    Kind(
        *("TIFF, Deflate", "as it is", kept("TIFF", compression="tiff_adobe_deflate")),
        browser=NOT_READ,
    ),
    Kind("TIFF, JPEG", "as it is", kept("TIFF", compression="jpeg", **FINE), browser=NOT_READ),
    Kind(
        *("TIFF, fax (CCITT)", "black and white"),
        *(kept("TIFF", lambda: grey(1, 0, "1"), compression="group4"), WHITE, BLACK, NOT_READ),
    ),
    Kind("BigTIFF", "as it is", kept("TIFF", big_tiff=True), browser=NOT_READ),
    Kind("JPEG 2000", "as it is", kept("JPEG2000"), browser=NOT_READ),
    Kind(
        *("JPEG 2000, bare codestream", "as it is", kept("JPEG2000", no_jp2=True)),
        browser=NOT_READ,
    ),
    Kind("PPM", "as it is", kept("PPM"), browser=NOT_READ),
    Kind(
        *("PPM in text", "as it is"),
        lambda: b"P3 16 8 255\n" + (b"200 100 60 " * 8 + b"20 120 220 " * 8) * 8,
        browser=NOT_READ,
    ),
    Kind("PGM", "three equal channels", kept("PPM", grey), *GREYS, NOT_READ),
    Kind("PBM", "black and white", kept("PPM", lambda: grey(1, 0, "1")), WHITE, BLACK, NOT_READ),
]
CONVERTED = [
    Kind("a camera that was held upright (EXIF orientation)", "turned, in any format", turned),
    Kind(
        *("a colour profile (ICC): Display P3, Adobe RGB, …", "to sRGB"),
        lambda: encoded(halves(), "PNG", icc_profile=swapped()),
        *(LEFT[::-1], RIGHT[::-1]),
    ),
    Kind(
        *("a colour profile for grey", "to sRGB"),
        lambda: encoded(grey(), "PNG", icc_profile=linear_grey()),
        *LIGHT,
    ),
    Kind(
        *("CMYK with a profile", "to sRGB by the profile"),
        lambda: encoded(
            halves((0, 0, 0, 0), (0, 255, 0, 0), "CMYK"), "JPEG", icc_profile=press(), **FINE
        ),
        *(WHITE, (111,) * 3),
    ),
    Kind(
        *("CMYK without a profile", "to RGB by the usual formula"),
        kept("JPEG", lambda: halves((0, 255, 255, 0), (0, 0, 0, 255), "CMYK"), **FINE),
        *((255, 0, 0), BLACK),
    ),
    Kind(
        *("TIFF in CIELAB", "to sRGB"),
        kept("TIFF", lambda: halves((255, 128, 128), (0, 128, 128), "LAB")),
        *(WHITE, BLACK, NOT_READ),
    ),
    Kind(
        *("PNG with a gamma and no profile", "to sRGB"),
        lambda: with_chunk(encoded(grey(), "PNG"), b"gAMA", struct.pack(">I", 100_000)),
        *LIGHT,
    ),
    Kind("transparency (RGBA)", "placed on white", kept("PNG", lambda: clear("RGBA")), LEFT, WHITE),
    Kind("transparency (grey)", "placed on white", kept("PNG", lambda: clear("LA")), PALE, WHITE),
    Kind("a palette with a transparent colour", "placed on white", clear_palette, LEFT, WHITE),
    Kind("GIF, animated", FIRST, frames("GIF")),
    Kind("WebP, animated", FIRST, frames("WEBP", lossless=True)),
    Kind("PNG, animated", FIRST, frames("PNG")),
    Kind(
        *("AVIF, animated", FIRST, frames("AVIF", quality=100, subsampling="4:4:4")),
        browser="colours a little off",
    ),
    Kind("TIFF of several pages", FIRST.replace("frame", "page"), frames("TIFF"), browser=NOT_READ),
    Kind("PNG, 16 bits of grey", RANGE, kept("PNG", lambda: numbers(*BITS)), *GREYS),
    Kind("PNG, 16 bits of colour", RANGE, lambda: deep_png(65_535)),
    Kind(
        *("PNG, 12 bits of grey in 16", RANGE, kept("PNG", lambda: numbers(3213, 321)), *GREYS),
        browser="too dark: taken as 16 bits",
    ),
    Kind(
        *("PNG, 12 bits of colour in 16", RANGE, lambda: deep_png(4095)),
        browser="too dark: taken as 16 bits",
    ),
    Kind("TIFF, 16 bits of grey", RANGE, kept("TIFF", lambda: numbers(*BITS)), *GREYS, NOT_READ),
    Kind(
        *("TIFF, 12 bits of grey in 16", RANGE, kept("TIFF", lambda: numbers(3213, 321))),
        *(*GREYS, NOT_READ),
    ),
    Kind(
        *("TIFF, 12 bits, packed", "to 8 bits, of which 4095 is white", packed_twelve_bits),
        *(*GREYS, NOT_READ),
    ),
    Kind("TIFF, 16 bits, zero is white", "inverted", white_is_zero, *GREYS, NOT_READ),
    Kind(
        *("TIFF, whole numbers of 32 bits, 0 to 65,535", "to 8 bits by their range"),
        *(kept("TIFF", lambda: numbers(3213, 321, np.int32)), *GREYS, NOT_READ),
    ),
    Kind(
        *("TIFF, fractions (float) from 0 to 1", "to 8 bits, of which 1 is white"),
        *(kept("TIFF", lambda: numbers(200 / 255, 20 / 255, np.float32)), *GREYS, NOT_READ),
    ),
    Kind(
        *("PGM of 12 bits", "to 8 bits, of which its maxval is white"),
        lambda: b"P5 16 8 4095\n" + np.asarray(numbers(3213, 321)).astype(">u2").tobytes(),
        *(*GREYS, NOT_READ),
    ),
    Kind(
        *("PGM of 16 bits", "to 8 bits, of which its maxval is white"),
        *(kept("PPM", lambda: numbers(*BITS)), *GREYS, NOT_READ),
    ),
    Kind(
        *("JPEG 2000 of 16 bits", "to 8 bits, by the bits it states"),
        *(kept("JPEG2000", lambda: numbers(*BITS)), *GREYS, NOT_READ),
    ),
    Kind("a colour profile that is damaged", IGNORED, broken_profile),
    Kind("a colour profile for other pixels", IGNORED, profile_of_other_pixels),
]
REFUSED = [
    Kind(
        *("TIFF, fractions beyond 0 to 1", "save it with 8 or 16 bits"),
        kept("TIFF", lambda: numbers(36.6, 12.5, np.float32)),
        "32-bit values from 12.5 to 36.6 have no agreed range",
        browser=NOT_READ,
    ),
    Kind(
        *("TIFF, negative numbers", "save it with 8 or 16 bits, 0 for black"),
        kept("TIFF", lambda: numbers(-1000, 3000, np.int32)),
        "values from -1000 to 3000 have no agreed range",
        browser=NOT_READ,
    ),
    Kind(
        *("a camera's raw file (DNG, NEF, CR2, …)", "develop it, and save it as JPEG or TIFF"),
        *(raw_of_a_camera, "a camera's raw file"),
        browser=NOT_READ,
    ),
    Kind(
        *("JPEG XL", "save it as JPEG or PNG", lambda: b"\xff\x0a" + bytes(60)),
        "a JPEG XL picture, which is not read",
        browser=NOT_READ,
    ),
    Kind(
        *("SVG", "save it as PNG", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        "a drawing in SVG",
        browser=NOT_READ,
    ),
    Kind(
        *("more than 200 million pixels, or a side above 65,535", "save it smaller"),
        *(lambda: png_header(20_001, 10_000), "20001×10000 pixels: above 200,000,000"),
        browser=NOT_READ,
    ),
    Kind(
        *("a file that ends too early", "copy it again"),
        *(lambda: encoded(halves(), "JPEG", **FINE)[:-6], "truncated"),
        browser=NOT_READ,
    ),
    Kind("anything else", "", lambda: b"hello", "not a JPEG, PNG, WebP, GIF", browser=NOT_READ),
]
KINDS = READ + CONVERTED + REFUSED


def table() -> str:
    """The kinds as docs/images.md shows them."""
    lines = ["| | kind | what happens | exported page |", "|---|---|---|---|"]
    for group, kinds in (("read", READ), ("converted", CONVERTED), ("refused", REFUSED)):
        for kind in kinds:
            first = f"**{group}**" if kind is kinds[0] else ""
            lines.append(f"| {first} | {kind.name} | {kind.happens} | {kind.browser} |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """The page with the table as it is now."""
    begin, end = "<!-- kinds -->\n", "<!-- end kinds -->"
    before, _, rest = page.partition(begin)
    return f"{before}{begin}{table()}\n{end}{rest.partition(end)[2]}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
