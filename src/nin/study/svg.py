"""Figures as SVG text that several of can stand in one page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Inches; at 9 points and more this is readable on a telephone as on a desk.
WIDTH = 4.6
#: matplotlib's own SVG unit is the point, so that lengths measured before saving stay true.
_DPI = 72
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


@contextmanager
def drawing(height: float) -> Iterator[Figure]:
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


def text_of(figure: Figure, name: str, title: str) -> str:
    """The figure as an ``<svg>`` element.

    Args:
        figure: drawn; inside the block of `drawing`.
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
