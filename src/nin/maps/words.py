"""Text that fits: measured, not guessed."""

from __future__ import annotations

from bisect import bisect_right

#: Sizes of text, in points.
SMALL, TEXT = 7.5, 8.5
#: Characters of a name that are looked at; no panel is wide enough for more.
_LONGEST = 80


def breadth(text: str, points: float, weight: str = "normal") -> float:
    """How wide a line of text is, in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=points, weight=weight)
    return float(text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]) / 72


def shortened(text: str, room: float, points: float, weight: str = "normal") -> str:
    """A name on one line, of characters that can be drawn; its end is left out if it is long."""
    text = " ".join(text.encode(errors="backslashreplace").decode().split())
    text = "".join(character if character.isprintable() else "�" for character in text)
    if len(text) <= _LONGEST and breadth(text, points, weight) <= room:
        return text
    sizes = range(2, min(len(text), _LONGEST))
    fitting = bisect_right(sizes, room, key=lambda size: breadth(text[:size] + "…", points, weight))
    return text[: 1 + fitting].rstrip() + "…"


def wrapped(text: str, room: float, points: float) -> list[str]:
    """Lines no wider than `room`, in inches, broken between words."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and breadth(longer, points) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
