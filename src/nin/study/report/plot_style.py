"""The style of a report's figures, and their SVG text, several of which fit on one page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from nin.plotting import default_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Inches; text of 9 points can then be read on a phone as well as on a desktop.
WIDTH = 4.6
#: Characters of a network's name in a figure.
LONGEST_NAME = 24
_SETTINGS = {
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",
}
#: The unit of matplotlib's SVG is the point, so lengths measured before saving stay true.
_DPI = 72
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
#: The colours of Okabe and Ito without yellow, which is too pale for a line.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = "os^DvPX<>p*d"
_DASHES = ("-", "--", "-.", ":")


class LineStyle(NamedTuple):
    """How one network is drawn; marker and dashes identify it without the colour."""

    color: str
    marker: str
    face: str
    dashes: str


def line_style(index: int) -> LineStyle:
    """The style of network number `index`; markers are filled, and hollow from the 13th on."""
    color = _COLORS[index % len(_COLORS)]
    hollow = index // len(_MARKERS) % 2
    dashes = _DASHES[(index + index // len(_COLORS)) % len(_DASHES)]
    return LineStyle(color, _MARKERS[index % len(_MARKERS)], "white" if hollow else color, dashes)


def label(axes: Axes, below: str, beside: str) -> None:
    """Name the axes, with plain numbers beside the vertical one, and draw a grid."""
    axes.set(xlabel=below, ylabel=beside)
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.grid(alpha=0.25)


def legend(figure: Figure) -> None:
    """Draw a legend below the axes; a dollar sign in a name does not start a formula."""
    drawn = figure.legend(loc="outside lower center", ncols=2, handlelength=3.2, frameon=False)
    for text in drawn.get_texts():
        text.set_parse_math(False)


@contextmanager
def new_figure(height: float) -> Iterator[Figure]:
    """An empty figure, `height` inches high; the block draws it in the report's style."""
    from matplotlib.figure import Figure

    with default_style(_SETTINGS):
        yield Figure(figsize=(WIDTH, height), dpi=_DPI, layout="constrained")


def as_svg(figure: Figure, name: str, title: str) -> str:
    """The figure as an ``<svg>`` element.

    Args:
        figure: already drawn; call this inside the block of `new_figure`.
        name: unique among the figures of a page; put before each id.
        title: a text alternative, for those who cannot see the figure.
    """
    from matplotlib import rcParams
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    rcParams["svg.hashsalt"] = name
    file = io.StringIO()
    # savefig would draw twice, the first time only for the layout.
    FigureCanvasSVG(figure).print_svg(file, metadata=_NO_METADATA)  # type: ignore[no-untyped-call]
    return _embedded(file.getvalue(), name, title)


def _embedded(text: str, name: str, title: str) -> str:
    # matplotlib repeats ids like `axes_1` in every file and cannot put a prefix before them.
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    opening = re.search(r'<svg\b[^>]*?(viewBox="[^"]*")[^>]*>', text)
    assert opening
    label = escape(title)
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' {opening[1]} role="img" aria-label="{label}"><title>{label}</title>'
    )
    return root + text[opening.end() :].strip()
