"""Figures as SVG text that several of can stand in one page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Inches; at 9 points and more this is readable on a telephone as on a desk.
WIDTH = 4.6
#: matplotlib's own SVG unit is the point, so that lengths measured before saving stay true.
_DPI = 72
#: Okabe and Ito's colours without yellow, which is too pale for a line.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = "os^DvPX<>p*d"
_DASHES = ("-", "--", "-.", ":")
_LONGEST = 24
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


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


def shown(name: str) -> str:
    """A name as a picture holds it: one line, not too long, of characters that can be drawn."""
    text = " ".join(name.encode(errors="backslashreplace").decode().split())
    text = "".join(character if character.isprintable() else "�" for character in text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"


@contextmanager
def new_figure(height: float) -> Iterator[Figure]:
    """An empty figure, `height` inches high; the block draws it under the report's style."""
    from matplotlib import rc_context, rcdefaults
    from matplotlib.figure import Figure

    with rc_context(), warnings.catch_warnings():
        # A name in a script that matplotlib's font lacks is drawn as boxes.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        rcdefaults()
        from matplotlib import rcParams

        rcParams.update(
            {
                "font.size": 9.5,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "axes.edgecolor": "#555555",
                "hatch.linewidth": 0.6,
                "svg.fonttype": "path",
            }
        )
        yield Figure(figsize=(WIDTH, height), dpi=_DPI, layout="constrained")


def as_svg(figure: Figure, name: str, title: str) -> str:
    """The figure as an ``<svg>`` element.

    Args:
        figure: drawn; inside the block of `new_figure`.
        name: put before each id; one that no other figure of the page has.
        title: what is to be seen, for those who do not see it.
    """
    from matplotlib import rcParams

    rcParams["svg.hashsalt"] = name
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=_NO_METADATA)
    return _embedded(file.getvalue(), name, title)


def _embedded(text: str, name: str, title: str) -> str:
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
