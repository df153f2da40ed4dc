"""Where the pieces of a picture of class maps lie; all lengths are inches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from nin.maps.evidence import Evidence

#: Space round a panel; above it stands its title.
GAP, TITLE, EDGE = 0.14, 0.27, 0.14
#: Height of the legend below everything, without the words that follow it.
FOOT = 0.5
LINE = 0.17
#: The maps of one image in one line, at most; more begin another.
ACROSS = 5

#: Area of a panel where there is one image; width of one where there are more.
_AREA, _WIDTH = 2.3**2, 1.75
#: Width over height of a panel; photographs beyond are drawn smaller.
_TALLEST, _FLATTEST = 0.72, 2.2


#: Left, bottom, width and height, as shares of the whole.
Place = tuple[float, float, float, float]


class PanelLayout(NamedTuple):
    """A picture's size, and that of its panels.

    Attributes:
        width: of each panel.
        heights: of the panels of each line, from the top.
        columns: the photograph and the maps beside it.
        words: lines of text under the legend.
    """

    width: float
    heights: Sequence[float]
    columns: int
    words: int

    @property
    def size(self) -> tuple[float, float]:
        """(width, height) of the whole."""
        width = 2 * EDGE + self.columns * (self.width + GAP) - GAP
        lines = sum(self.heights) + len(self.heights) * TITLE
        return width, 2 * EDGE + lines + FOOT + self.words * LINE

    def place(self, line: int, column: int) -> Place:
        """Where a panel is."""
        width, height = self.size
        left = EDGE + column * (self.width + GAP)
        below = EDGE + sum(self.heights[: line + 1]) + (line + 1) * TITLE
        bottom, high = height - below, self.heights[line]
        return left / width, bottom / height, self.width / width, high / height


def arranged(images: Sequence[Evidence], words: int = 0) -> PanelLayout:
    """The layout for these images, one below the other, and so many lines of words."""
    shapes = [_shape(image) for image in images]
    width = math.sqrt(_AREA * shapes[0]) if len(images) == 1 else _WIDTH
    heights = [
        width / shape
        for image, shape in zip(images, shapes, strict=True)
        for _ in range(lines_of(image))
    ]
    most = max(len(image.shown) for image in images)
    return PanelLayout(width, heights, 1 + min(most, ACROSS), words)


def lines_of(image: Evidence) -> int:
    """Lines of panels that an image takes."""
    return math.ceil(len(image.shown) / ACROSS)


def _shape(image: Evidence) -> float:
    height, width = image.photo.shape[:2]
    shape: float = min(max(width / height, _TALLEST), _FLATTEST)
    return shape
