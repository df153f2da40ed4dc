"""For all figures: matplotlib's default style, drawable text, and which program wrote a picture."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def default_style(settings: Mapping[Any, Any] | None = None) -> Iterator[None]:
    """Draw with matplotlib's defaults, whatever the user has set; also works as a decorator.

    Characters that the font lacks are drawn as boxes, without a warning.

    Args:
        settings: entries of `matplotlib.rcParams` that differ from the defaults.
    """
    from matplotlib import rc_context, rcdefaults, rcParams

    with rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        rcdefaults()
        rcParams.update(settings or {})
        yield


def has_mark(path: Path, mark: str) -> bool:
    """Whether a PNG or JPEG names `mark` as the program that wrote it; False if unreadable."""
    from PIL import Image

    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            marks = (picture.info.get("Software"), picture.info.get("comment"))
    except (OSError, SyntaxError, ValueError, *bombs):
        return False
    return mark in marks or mark.encode() in marks


def in_notebook() -> bool:
    """Whether this is a Jupyter kernel, which can show pictures."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


def drawable(text: str, longest: int | None = None) -> str:
    """`text` on one line, made of characters that can be drawn.

    Bytes of a file name that are not UTF-8 become escapes, other unprintable characters ``�``.

    Args:
        text: any string.
        longest: maximum number of characters; longer text is cut and ends with ``…``.
    """
    text = " ".join(text.encode(errors="backslashreplace").decode().split())
    text = "".join(character if character.isprintable() else "�" for character in text)
    return text if longest is None or len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
