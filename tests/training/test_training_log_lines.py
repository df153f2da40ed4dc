"""When a line about progress is due: the first one soon, and never thousands of them."""

import itertools
from types import SimpleNamespace

import pytest

from nin.training import log_lines
from nin.training.log_lines import LineTimer, time_left


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(log_lines, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def due(clock, timer, until, step=1.0):
    """At which seconds a line is due."""
    begun, found = clock.seconds, []
    while clock.seconds - begun < until:
        clock.seconds += step
        if timer.is_due():
            found.append(clock.seconds - begun)
    return found


def test_a_line_after_ten_seconds_and_then_every_half_minute(clock):
    assert due(clock, LineTimer(), 130) == [10, 40, 70, 100, 130]


def test_a_day_has_a_line_every_five_minutes(clock):
    seconds = due(clock, LineTimer(), 24 * 3600, step=10)
    assert 300 < len(seconds) < 400
    assert max(later - sooner for sooner, later in itertools.pairwise(seconds)) == 300


def test_whatever_else_was_said_counts(clock):
    timer = LineTimer()
    clock.seconds += 9
    timer.restart()
    assert due(clock, timer, 40) == [30]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s left"), (89, "89 s left"), (600, "10 min left"), (12000, "3 h 20 min left")],
)
def test_time_left_in_words(seconds, words):
    assert time_left(seconds) == words
