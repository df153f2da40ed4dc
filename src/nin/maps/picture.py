"""Draws photographs beside their class maps, all on one colour scale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nin.files import replacing
from nin.maps import colours
from nin.maps.evidence import Evidence, strongest
from nin.maps.layout import (
    ACROSS,
    EDGE,
    SMALL,
    TEXT,
    PanelLayout,
    Place,
    arranged,
    rows_of,
    shortened,
    text_width,
)
from nin.maps.legend import draw_legend, words_of
from nin.plotting import default_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nin.notebook_figure import NotebookFigure

#: The program that made a picture, noted in the file itself.
MARK = "nin explain"
NOTHING = "no evidence\nfor this class"

DPI = 150
#: Row and column of a panel.
Cell = tuple[int, int]

_FRAME, _LINE = "#111111", "#BBBBBB"
_BOX = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}


def draw(
    images: Sequence[Evidence], percent: float | None = None, hint: str = ""
) -> NotebookFigure:
    """Draw images one below the other, each beside the maps of its `shown` classes.

    All maps are on one scale: the largest value drawn, of either sign, has the strongest colour;
    zero has none. The likeliest class is framed; a class whose map is nowhere above zero is
    labelled as having no evidence.

    Args:
        images: one or more.
        percent: show only this percentage of each map's activations, the strongest.
        hint: advice for the reader if there is only one value per class.

    Returns:
        A figure that shows itself in a notebook.
    """
    from nin.notebook_figure import NotebookFigure

    with default_style():
        low, high = value_range(images, percent)
        room = arranged(images).size[0] - 2 * EDGE
        words = words_of(images, low < 0, percent, hint, room)
        layout = arranged(images, len(words))
        figure = NotebookFigure(figsize=layout.size, dpi=DPI, facecolor="white")
        line = 0
        for image in images:
            draw_image(figure, layout, (line, 0), image, colours.limit(low, high), percent)
            line += rows_of(image)
        draw_legend(figure, layout, low, high, words)
    return figure


def value_range(images: Sequence[Evidence], percent: float | None) -> tuple[float, float]:
    """The smallest value that is drawn, and the largest; zero is always between them."""
    drawn = [_map(image, index, percent) for image in images for index in image.shown]
    low = min(float(map_.min(initial=0)) for map_ in drawn)
    return low, max(float(map_.max(initial=0)) for map_ in drawn)


def _map(image: Evidence, index: int, percent: float | None) -> NDArray[np.float32]:
    map_ = image.maps[..., index]
    return map_ if percent is None else strongest(map_, percent)


def draw_image(
    figure: NotebookFigure,
    layout: PanelLayout,
    first: Cell,
    image: Evidence,
    most: float,
    percent: float | None = None,
) -> None:
    """Draw one image beside its maps.

    Args:
        figure: the figure to draw in.
        layout: its layout.
        first: row and column of the photograph.
        image: what to draw.
        most: the value with the strongest colour.
        percent: show only this percentage of each map's activations.
    """
    draw_photo(figure, layout, first, image.photo, image.title)
    if image.predicted not in image.shown:
        name = shortened(image.classes[image.predicted], layout.width / 2, SMALL)
        numbers = _numbers(image, image.predicted)
        write_into(figure, layout.place(*first), f"predicted:\n{name} {numbers}")
    line, column = first
    for place, index in enumerate(image.shown):
        where = (line + place // ACROSS, column + 1 + place % ACROSS)
        map_ = _map(image, index, percent)
        panel = _panel(figure, layout.place(*where), _overlaid(image, map_, most))
        is_predicted = index == image.predicted
        name, numbers = str(image.classes[index]), _numbers(image, index)
        _title(figure, layout, where, name, numbers, "bold" if is_predicted else "normal")
        if is_predicted:
            panel.spines[:].set(color=_FRAME, linewidth=2.5)
        if map_.max() <= 0:
            write_into(figure, layout.place(*where), NOTHING)


def draw_photo(
    figure: NotebookFigure, layout: PanelLayout, where: Cell, photo: NDArray[np.uint8], title: str
) -> None:
    """Draw a photograph in a panel, below its title."""
    _panel(figure, layout.place(*where), photo)
    _title(figure, layout, where, title)


def _overlaid(image: Evidence, map_: NDArray[np.float32], most: float) -> NDArray[np.uint8]:
    part = colours.seen_part(image.photo.shape[:2], image.resize_mode)
    covered = image.photo[part]
    overlay = colours.shade(colours.stretched(map_, covered.shape[:2]), most)
    panel = colours.dimmed(image.photo)
    panel[part] = colours.laid_over(colours.beneath(covered), overlay)
    return panel


def _panel(figure: NotebookFigure, place: Place, pixels: NDArray[np.uint8]) -> Axes:
    axes = figure.add_axes(place, anchor="NW", xticks=[], yticks=[])
    axes.imshow(pixels, interpolation_stage="rgba")
    axes.spines[:].set(color=_LINE, linewidth=0.5)
    return axes


def _title(
    figure: NotebookFigure,
    layout: PanelLayout,
    where: Cell,
    name: str,
    numbers: str = "",
    weight: str = "normal",
) -> None:
    """Write above a panel: a name on the left, numbers on the right."""
    left, bottom, width, height = layout.place(*where)
    y = bottom + height + 0.06 / layout.size[1]
    name = shortened(name, layout.width - text_width(f"  {numbers}", TEXT, weight), TEXT, weight)
    look: dict[str, Any] = {"fontsize": TEXT, "fontweight": weight, "parse_math": False}
    figure.text(left, y, name, **look)
    figure.text(left + width, y, numbers, ha="right", **look)


def _numbers(image: Evidence, index: int) -> str:
    """``0.83 · 4.1``: probability and logit of a class."""
    return f"{image.probabilities[index]:.2f} · {image.logits[index]:.1f}".replace("-", "−")


def write_into(figure: NotebookFigure, place: Place, words: str, at_top: bool = False) -> None:
    """Write at the bottom of a panel, or in its upper left corner, which every photograph fills."""
    left, bottom, width, height = place
    figure.text(
        left + (0.04 if at_top else 0.5) * width,
        bottom + (0.96 if at_top else 0.04) * height,
        words,
        ha="left" if at_top else "center",
        va="top" if at_top else "bottom",
        fontsize=SMALL,
        bbox=_BOX,
        parse_math=False,
    )


def save(figure: NotebookFigure, path: Path, mark: str = MARK) -> None:
    """Write a figure as PNG or SVG, by the suffix of `path`; wholly or not at all.

    Args:
        figure: the figure.
        path: where to write it.
        mark: the program's name, noted in the file so that a later call recognises its pictures.

    Raises:
        NinError: it cannot be written.
    """
    from matplotlib import rcParams

    form = path.suffix[1:].lower()
    metadata = {"png": {"Software": mark}, "svg": {"Title": mark, "Date": None}}
    with default_style(), replacing(path) as file:
        rcParams["svg.hashsalt"] = "nin"  # The same images give the same file.
        figure.savefig(file, format=form, metadata=metadata[form])
