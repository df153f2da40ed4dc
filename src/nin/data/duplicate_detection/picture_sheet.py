"""A contact sheet: small pictures in titled rows, each with a caption."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nin.data.decoding.decode import decode, shown_size
from nin.data.storage.picture_store import read_picture
from nin.errors import DataError
from nin.files import check_file_writable, replacing
from nin.names import printable
from nin.plotting import has_mark

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

#: Longest side of a small picture in pixels, the space around it, and pictures per line.
SIDE, GAP, ACROSS = 180, 16, 6
#: Heights of a row's title and of a caption line, and their font sizes, in pixels.
_TITLE, _LINE, _LARGE, _SMALL = 30, 15, 15, 11
#: Marks a file as a contact sheet: only contact sheets are overwritten.
_MARK = "nin data: contact sheet"
_INK, _FAINT, _RULE, _PAPER = "#111111", "#555555", "#CCCCCC", "white"


class SheetPicture(NamedTuple):
    """A picture on a contact sheet.

    Attributes:
        path: its file.
        lines: its caption; a line that is too wide is shortened in the middle.
    """

    path: str
    lines: Sequence[str]


class SheetRow(NamedTuple):
    """Pictures that belong together.

    Attributes:
        title: the text above them.
        pictures: the pictures; more than `ACROSS` of them continue on another line.
    """

    title: str
    pictures: Sequence[SheetPicture]


def save_picture_sheet(path: Path, rows: Sequence[SheetRow]) -> None:
    """Draw rows of pictures and write them as PNG or JPEG, by the suffix of `path`.

    A picture that cannot be read leaves an empty frame.

    Raises:
        DataError: the suffix is another, or a file that is not a contact sheet is there.
        NinError: the file cannot be written.
    """
    from PIL.PngImagePlugin import PngInfo

    check_sheet_path(path)
    sheet, mark = _drawn(rows), PngInfo()
    mark.add_text("Software", _MARK)
    with replacing(path) as file:
        if path.suffix.lower() == ".png":
            sheet.save(file, "PNG", pnginfo=mark)
        else:
            sheet.save(file, "JPEG", quality=90, comment=_MARK)


def check_sheet_path(path: Path) -> None:
    """Refuse a path where no sheet can be written, before any work is done.

    Raises:
        DataError: it has another suffix, or a file that is not a contact sheet is there.
        NinError: its folder cannot be created or written to.
    """
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise DataError(f"{path}: a contact sheet is written as .png or .jpg")
    check_file_writable(path)
    if path.exists() and not has_mark(path, _MARK):
        raise DataError(f"{path} already exists and is not a contact sheet: name another file")


class _Row(NamedTuple):
    """A row with its pictures read; None for those that cannot be read."""

    title: str
    cells: Sequence[tuple[Image | None, Sequence[str]]]

    @property
    def cell_height(self) -> int:
        """Height of the highest picture and of the longest caption."""
        highest = max((cell[0].height if cell[0] else SIDE for cell in self.cells), default=0)
        return highest + GAP + _LINE * max((len(lines) for _, lines in self.cells), default=0)

    @property
    def height(self) -> int:
        """Height of the whole row."""
        return _TITLE + GAP + -(-len(self.cells) // ACROSS) * self.cell_height


def _drawn(rows: Sequence[SheetRow]) -> Image:
    from PIL import Image, ImageDraw

    read = [_Row(row.title, [(_small(p.path), p.lines) for p in row.pictures]) for row in rows]
    across = min(ACROSS, max((len(row.cells) for row in read), default=1))
    width = max(GAP + across * (SIDE + GAP), 3 * SIDE)
    sheet = Image.new("RGB", (width, sum(row.height for row in read) + GAP), _PAPER)
    draw = ImageDraw.Draw(sheet)
    top = 0
    for row in read:
        if top:
            draw.line((GAP, top + GAP // 2, width - GAP, top + GAP // 2), fill=_RULE)
        title = _shortened(row.title, width - 2 * GAP, _font(_LARGE))
        draw.text((GAP, top + GAP), title, fill=_INK, font=_font(_LARGE))
        for number, (small, lines) in enumerate(row.cells):
            left = GAP + number % ACROSS * (SIDE + GAP)
            above = top + _TITLE + GAP + number // ACROSS * row.cell_height
            _draw_cell(sheet, draw, (left, above), small, lines)
        top += row.height
    return sheet


def _draw_cell(
    sheet: Image,
    draw: ImageDraw,
    place: tuple[int, int],
    small: Image | None,
    lines: Sequence[str],
) -> None:
    left, top = place
    if small is None:
        draw.rectangle((left, top, left + SIDE - 1, top + SIDE - 1), outline=_RULE)
    else:
        sheet.paste(small, place)
    top += small.height if small else SIDE
    for number, line in enumerate(lines):
        text = _shortened(line, SIDE, _font(_SMALL))
        ink = _FAINT if number else _INK
        draw.text((left, top + 3 + number * _LINE), text, fill=ink, font=_font(_SMALL))


def _small(path: str) -> Image | None:
    """The picture in its own aspect ratio, decoded no larger than it is shown."""
    from PIL import Image

    try:
        pixels = decode(path, SIDE)
        height, width = shown_size(read_picture(path))
    except (DataError, OSError):
        return None
    scale = SIDE / max(height, width)
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def _shortened(text: str, room: int, font: FreeTypeFont) -> str:
    """A name on one line, its middle replaced by an ellipsis if it is wider than `room`."""
    text = printable(text)[:400]
    if font.getlength(text) <= room:
        return text
    kept = len(text) - 1
    while kept > 2 and font.getlength(_cut(text, kept)) > room:
        kept -= 1
    return _cut(text, kept)


def _cut(text: str, kept: int) -> str:
    return f"{text[: kept // 2].rstrip()}…{text[len(text) - (kept - kept // 2) :].lstrip()}"


@cache
def _font(size: int) -> FreeTypeFont:
    """The font that comes with matplotlib: it has more characters than Pillow's own."""
    from matplotlib import get_data_path
    from PIL import ImageFont

    return ImageFont.truetype(Path(get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)
