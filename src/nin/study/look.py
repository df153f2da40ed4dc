"""How networks look in every picture of a report."""

from __future__ import annotations

from typing import NamedTuple

#: Okabe and Ito's colours without yellow, which is too pale for a line.
_COLORS = ("#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = "os^DvPX<>p*d"
_DASHES = ("-", "--", "-.", ":")
_LONGEST = 24


class Look(NamedTuple):
    """How one network is drawn; marker and dashes tell it without the colour."""

    color: str
    marker: str
    face: str
    dashes: str


def look(index: int) -> Look:
    """The look of the network in place `index`; markers are filled, from the 13th on hollow."""
    color = _COLORS[index % len(_COLORS)]
    hollow = index // len(_MARKERS) % 2
    dashes = _DASHES[(index + index // len(_COLORS)) % len(_DASHES)]
    return Look(color, _MARKERS[index % len(_MARKERS)], "white" if hollow else color, dashes)


def shown(name: str) -> str:
    """A name as a picture holds it: one line, not too long, of characters that can be drawn."""
    text = " ".join(name.encode(errors="backslashreplace").decode().split())
    text = "".join(character if character.isprintable() else "�" for character in text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
