"""What all figures share: a style that is nobody's, and names that can be drawn."""

from __future__ import annotations

import matplotlib
import pytest
from matplotlib.figure import Figure

from nin.plotting import default_style, drawable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a  b\n\tc ", "a b c"),
        ("caf\udce9", "caf\\udce9"),
        ("\x1b[31m\x00", "�[31m�"),
        ("犬", "犬"),
        ("", ""),
    ],
)
def test_a_name_on_one_line(text, shown):
    assert drawable(text) == shown


def test_a_long_name_ends_in_an_ellipsis():
    assert drawable("x" * 30, 24) == "x" * 23 + "…"
    assert drawable("x" * 24, 24) == "x" * 24
    assert drawable("abc defg", 5) == "abc…"


def test_the_users_settings_count_neither_inside_nor_are_they_changed():
    with matplotlib.rc_context({"font.size": 40}):
        with default_style({"lines.linewidth": 9}):
            assert matplotlib.rcParams["font.size"] == 10
            assert matplotlib.rcParams["lines.linewidth"] == 9
        assert matplotlib.rcParams["font.size"] == 40
    assert matplotlib.rcParams["lines.linewidth"] != 9


@default_style()
def test_a_character_that_the_font_lacks_is_no_warning():
    figure = Figure()
    figure.text(0.5, 0.5, "犬")
    figure.draw_without_rendering()
