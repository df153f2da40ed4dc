"""Names of classes and files: normalised, safe to print, and listed on one line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

#: Control characters, line breaks of every kind, lone surrogates (from names that are not UTF-8),
#: and characters that change the direction of the text that follows.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def normalized(name: str) -> str:
    """`name` in the Unicode form NFC, in which an accented letter is one character.

    macOS and some archives write it as two, letter and accent: the same name to a person, a
    different one to a computer.
    """
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def printable(name: object) -> str:
    r"""A name as one line of text that is safe to print in a terminal.

    Line breaks, control characters and the like are written as escapes: ``\n``, ``\x1b``.

    Args:
        name: a name, or a path.
    """
    return _UNPRINTABLE.sub(_escape, str(name))


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first `most` names as part of a sentence: ``a, b, c and 3 more``."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
