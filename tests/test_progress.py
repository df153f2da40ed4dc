"""How far work is: a line now and then where there is no terminal, and a bar where there is one."""

from __future__ import annotations

import io
import itertools
import re
import sys

import pytest

from nin import progress as module
from nin.progress import LineTimer, progress, time_left


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test turns; returns its hand in a list."""
    hand = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: hand[0])
    return hand


def work(clock, steps, seconds=1.0, **options):
    with progress("images", steps, **options) as advance:
        for _ in range(steps):
            clock[0] += seconds
            advance(1)


def test_short_work_says_nothing(clock, capsys):
    work(clock, 5, 0.9)
    assert capsys.readouterr() == ("", "")


def test_a_line_now_and_then(clock, capsys):
    work(clock, 4000, 1 / 32)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "images: 160 of 4,000, 32/s, 2 min left",
        "images: 1,120 of 4,000, 32/s, 2 min left",
        "images: 2,080 of 4,000, 32/s, 60 s left",
        "images: 3,040 of 4,000, 32/s, 30 s left",
    ]


def test_slow_work_has_a_rate_as_well(clock, capsys):
    work(clock, 4, 4000.0)
    assert capsys.readouterr().err.splitlines() == [
        "images: 2 of 4, 0.0/s, 2 h 13 min left",
        "images: 3 of 4, 0.0/s, 67 min left",
    ]


def test_the_first_of_a_batch_is_no_rate(clock, capsys):
    with progress("images", 300) as advance:
        for _ in range(3):
            clock[0] += 10.0
            for _ in range(100):
                advance(1)
    assert capsys.readouterr().err.splitlines() == ["images: 101 of 300, 5.0/s, 39 s left"]


def test_what_is_not_to_be_seen(clock, capsys):
    work(clock, 100, visible=False)
    assert capsys.readouterr() == ("", "")


def test_a_bar_in_a_terminal_goes_away_and_leaves_standard_output_alone(clock, monkeypatch):
    err, out = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("TERM", "xterm")
    with progress("images", 10) as advance:
        for number in range(10):
            clock[0] += 1
            advance(1)
            print(number)
    assert "images" in err.getvalue()
    assert "1.0/s" in err.getvalue()
    assert out.getvalue().split() == [*"0123456789"]
    assert err.getvalue().endswith("\x1b[2K")


def due(clock, timer, until, step=1.0):
    """At which seconds a line is due."""
    begun, found = clock[0], []
    while clock[0] - begun < until:
        clock[0] += step
        if timer.is_due():
            found.append(clock[0] - begun)
    return found


def test_a_line_after_ten_seconds_and_then_every_half_minute(clock):
    assert due(clock, LineTimer(), 130) == [10, 40, 70, 100, 130]


def test_a_day_has_a_line_every_five_minutes(clock):
    seconds = due(clock, LineTimer(), 24 * 3600, step=10)
    assert 300 < len(seconds) < 400
    assert max(later - sooner for sooner, later in itertools.pairwise(seconds)) == 300


def test_whatever_else_was_printed_counts(clock):
    timer = LineTimer()
    clock[0] += 9
    timer.restart()
    assert due(clock, timer, 40) == [30]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s left"), (89, "89 s left"), (600, "10 min left"), (12000, "3 h 20 min left")],
)
def test_time_left_in_words(seconds, words):
    assert time_left(seconds) == words


def test_how_much_there_is_may_be_unknown(clock, capsys, monkeypatch):
    with progress("listing files", None) as advance:
        for _ in range(4):
            clock[0] += 3.0
            advance(1000)
    assert capsys.readouterr().err.splitlines() == ["listing files: 2,000, 333/s"]
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with progress("listing files", None) as advance:
        clock[0] += 3.0
        advance(1000)
    assert re.search("listing files.* 1,000 333/s", sys.stderr.getvalue())


LINES = ["images: 5 of 40, 1.0/s, 35 s left", "images: 35 of 40, 1.0/s, 5 s left"]


def test_jupyter_without_widgets_has_lines(clock, capsys, monkeypatch):
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    work(clock, 40)
    assert capsys.readouterr().err.splitlines() == LINES


def test_a_terminal_that_cannot_move_its_cursor_has_lines(clock, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "dumb")
    work(clock, 40)
    assert sys.stderr.getvalue().splitlines() == LINES
