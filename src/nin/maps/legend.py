"""The legend of a picture: the colour scale, and the text below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nin.maps import colours
from nin.maps.evidence import Evidence
from nin.maps.layout import EDGE, LINE, SMALL, PanelLayout, text_width, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOWHERE = "one value per class at this image size: shows what, not where"
OUTSIDE = "dimmed: outside what the network sees"
_SCALE = "value of the map; its mean is the logit"


def words_of(
    images: Sequence[Evidence], is_signed: bool, percent: float | None, hint: str, room: float
) -> list[str]:
    """The text below the legend, in lines no wider than `room`, in inches."""
    parts = ["orange to red: evidence for the class"]
    parts += ["blue: against it"] * is_signed
    parts += ["numbers: probability · logit"]
    parts += ["framed: the prediction"] * any(i.predicted in i.shown for i in images)
    parts += [OUTSIDE] * any(_has_margins(image) for image in images)
    if percent is not None:
        parts.append(f"only the strongest {percent:g} % of each map")
    lines = wrapped("; ".join(parts), room, SMALL)
    if not all(image.shows_where for image in images):
        lines += wrapped(f"{NOWHERE}; {hint}" if hint else NOWHERE, room, SMALL)
    return lines


def _has_margins(image: Evidence) -> bool:
    size = image.photo.shape[:2]
    return image.photo[colours.seen_part(size, image.resize_mode)].shape[:2] != size


def draw_legend(
    figure: Figure, layout: PanelLayout, low: float, high: float, words: Sequence[str]
) -> None:
    """Draw the scale from `low` to `high` at the bottom of a figure, with `words` below it."""
    width, height = layout.size
    bottom = EDGE + len(words) * LINE
    long = min(3.2, width - 2 * EDGE)
    place = (EDGE / width, (bottom + 0.2) / height, long / width, 0.13 / height)
    axes = figure.add_axes(place, yticks=[])
    _draw_bar(axes, low, high)
    left = (EDGE + long + 0.12) / width
    if width - EDGE - long - 0.12 > text_width(_SCALE, SMALL):
        figure.text(left, (bottom + 0.265) / height, _SCALE, fontsize=SMALL, va="center")
    for row, line in enumerate(words):
        y = (bottom - (row + 0.7) * LINE) / height
        figure.text(EDGE / width, y, line, fontsize=SMALL, parse_math=False)


def _draw_bar(axes: Axes, low: float, high: float) -> None:
    from matplotlib.ticker import MaxNLocator

    low, high = (low, high) if high > low else (0.0, 1.0)
    values = np.linspace(low, high, 512)[None]
    grey = colours.beneath(np.full((1, 512, 3), 128, np.uint8))
    bar = colours.laid_over(grey, colours.shade(values, colours.limit(low, high)))
    axes.imshow(bar, extent=(low, high, 0, 1), aspect="auto")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(labelsize=SMALL, length=2, pad=2)
    axes.spines[:].set(color="#BBBBBB", linewidth=0.5)
