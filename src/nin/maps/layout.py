"""Positions of a picture's panels, and text cut to fit; all lengths are in inches."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from nin.maps.evidence import Evidence
from nin.plotting import drawable

#: Space around a panel, and above it for its title.
GAP, TITLE, EDGE = 0.14, 0.27, 0.14
#: Height of the legend at the bottom, without the lines of text below it.
FOOT = 0.5
LINE = 0.17
#: Most maps of an image in one row of panels; further maps begin another row.
ACROSS = 5

#: Area of a panel in a picture of one image; width of a panel in a picture of several.
_AREA, _WIDTH = 2.3**2, 1.75
#: Limits of a panel's width / height; photographs beyond them are drawn smaller.
_TALLEST, _FLATTEST = 0.72, 2.2

#: Sizes of text, in points.
SMALL, TEXT = 7.5, 8.5
#: Most characters of a name that are measured; no panel is wide enough for more.
_LONGEST = 80

#: Left, bottom, width and height, as fractions of the figure.
Place = tuple[float, float, float, float]


class PanelLayout(NamedTuple):
    """The size of a picture and of its panels.

    Attributes:
        width: width of each panel.
        heights: height of the panels in each row, from the top.
        columns: number of columns: one for the photograph, the others for the maps beside it.
        words: number of lines of text below the legend.
        together: columns per image if several stand side by side; 0 for all of them.
    """

    width: float
    heights: Sequence[float]
    columns: int
    words: int
    together: int = 0

    @property
    def size(self) -> tuple[float, float]:
        """(width, height) of the figure."""
        width = 2 * EDGE + self._left(self.columns - 1) + self.width
        lines = sum(self.heights) + len(self.heights) * TITLE
        return width, 2 * EDGE + lines + FOOT + self.words * LINE

    def place(self, row: int, column: int) -> Place:
        """The position of a panel."""
        width, height = self.size
        left = EDGE + self._left(column)
        below = EDGE + sum(self.heights[: row + 1]) + (row + 1) * TITLE
        bottom, high = height - below, self.heights[row]
        return left / width, bottom / height, self.width / width, high / height

    def _left(self, column: int) -> float:
        before = column // self.together if self.together else 0
        return column * (self.width + GAP) + before * GAP


def arranged(images: Sequence[Evidence], words: int = 0) -> PanelLayout:
    """The layout for images one below the other, with `words` lines of text at the bottom."""
    shapes = [_shape(image) for image in images]
    width = math.sqrt(_AREA * shapes[0]) if len(images) == 1 else _WIDTH
    heights = [
        width / shape
        for image, shape in zip(images, shapes, strict=True)
        for _ in range(rows_of(image))
    ]
    most = max(len(image.shown) for image in images)
    return PanelLayout(width, heights, 1 + min(most, ACROSS), words)


def tiled(images: Sequence[Evidence], across: int, words: int = 0) -> PanelLayout:
    """The layout for images, `across` of them side by side; each takes one row of panels."""
    shapes = [_shape(image) for image in images]
    rows = [shapes[first : first + across] for first in range(0, len(shapes), across)]
    together = 1 + len(images[0].shown)
    columns = min(across, len(images)) * together
    return PanelLayout(_WIDTH, [_WIDTH / min(row) for row in rows], columns, words, together)


def rows_of(image: Evidence) -> int:
    """Number of rows of panels that an image takes."""
    return math.ceil(len(image.shown) / ACROSS)


def _shape(image: Evidence) -> float:
    height, width = image.photo.shape[:2]
    shape: float = min(max(width / height, _TALLEST), _FLATTEST)
    return shape


def text_width(text: str, points: float, weight: str = "normal") -> float:
    """The width of a line of text, in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=points, weight=weight)
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]) / 72


def shortened(text: str, room: float, points: float, weight: str = "normal") -> str:
    """A name on one line, cut with an ellipsis if it is wider than `room`, in inches."""
    text = drawable(text)
    if len(text) <= _LONGEST and text_width(text, points, weight) <= room:
        return text
    sizes = range(2, min(len(text), _LONGEST))
    fitting = bisect_right(
        sizes, room, key=lambda size: text_width(text[:size] + "…", points, weight)
    )
    return text[: 1 + fitting].rstrip() + "…"


def wrapped(text: str, room: float, points: float) -> list[str]:
    """Lines no wider than `room`, in inches, broken between words."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, points) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
