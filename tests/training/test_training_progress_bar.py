"""What is printed while a network trains and standard error is a log."""

import io
import math
import re
import threading
from types import SimpleNamespace

import pytest
from rich.console import Console

from nin import progress
from nin.training import progress_bar, waiting_lines
from nin.training.progress_bar import ShowProgress


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = SimpleNamespace(seconds=1000.0)
    fake = SimpleNamespace(monotonic=lambda: now.seconds, perf_counter=lambda: now.seconds)
    monkeypatch.setattr(progress, "time", fake)
    monkeypatch.setattr(progress_bar, "time", fake)
    monkeypatch.setattr(waiting_lines, "time", fake)
    # Its thread would look at any moment.
    monkeypatch.setattr(waiting_lines.WaitingLines, "start", waiting_lines.WaitingLines.restart)
    return now


def shown(clock, losses, steps=100, console=None, *, seconds=1.0, best_loss=math.inf, skipped=0):
    """Train by hand, `seconds` per batch of ten images, the first of them slow; what is printed."""
    console = console or Console(file=io.StringIO(), soft_wrap=True)
    show = ShowProgress(10 * steps, console, len(losses), best_loss)
    show.set_params({"epochs": len(losses), "steps": steps - skipped})
    show.skipped = skipped
    show.on_train_begin()
    for epoch, loss in enumerate(losses):
        show.on_epoch_begin(epoch)
        for batch in range(steps - show.skipped):
            clock.seconds += 60 if (epoch, batch) == (0, 0) else seconds
            show.on_train_batch_end(batch, {"loss": 2.0, "accuracy": 0.25})
        show.on_test_begin()
        show.on_epoch_end(epoch, {"loss": 1.0, "val_loss": loss})
        show.skipped = 0
        show.set_params({"epochs": len(losses), "steps": steps})
    show.on_train_end()
    return console.file.getvalue().splitlines()


def test_a_long_epoch_says_how_far_it_is_with_rate_and_time_left(clock):
    estimate, first, second, end, *others = shown(clock, [0.5, 0.4])
    assert re.fullmatch(r"2 epochs: 3 min left, until \d\d:\d\d", estimate)
    assert first == "epoch 1/2  41/100  loss 2.000  acc 0.250  10 img/s  3 min left"
    assert second.startswith("epoch 1/2  71/100  ")
    assert not any("until" in line for line in others), "once is enough"
    assert end.startswith("epoch 1/2  loss 1.000  val_loss 0.500  ")


def test_short_epochs_have_a_line_each_and_no_more(clock):
    lines = shown(clock, [0.5] * 20, steps=5)
    assert len(lines) == 20


def test_the_end_of_many_short_epochs_is_estimated_in_a_terminal_too(clock):
    lines = shown(clock, [0.5] * 20_000, steps=5)
    assert re.fullmatch(r"20000 epochs: 27 h 46 min left, until \w{3} \d\d:\d\d", lines[2])
    console = Console(file=io.StringIO(), soft_wrap=True, force_terminal=True, width=200)
    assert any("100 epochs: 8 min left" in line for line in shown(clock, [0.5] * 100, 5, console))


def test_an_epoch_that_goes_on_counts_from_where_it_was(clock):
    assert shown(clock, [0.5], skipped=50)[0].startswith("epoch 1/1  61/100  ")


def test_the_line_says_whether_the_epoch_was_the_best(clock):
    lines = shown(clock, [0.5, 0.6, 0.4, math.nan], steps=2)
    assert [line.endswith("  best so far") for line in lines] == [True, False, True, False]
    lines = shown(clock, [0.5, 0.3], steps=2, best_loss=0.4)
    assert [line.endswith("  best so far") for line in lines] == [False, True]


def test_where_no_epoch_is_chosen_none_is_called_the_best(clock):
    assert not any("best" in line for line in shown(clock, [0.5, 0.4], steps=2, best_loss=None))


def test_a_log_is_not_silent_in_the_first_epoch_whatever_it_waits_for(clock):
    console = Console(file=io.StringIO(), soft_wrap=True)
    show = ShowProgress(1000, console, 2)
    show.set_params({"epochs": 2, "steps": 100})
    show.on_train_begin()
    waiting = show._waiting

    def waited(seconds):
        clock.seconds += seconds
        waiting.print_if_due()
        return console.file.getvalue().splitlines()

    show.on_epoch_begin(0)
    assert waited(29) == []
    assert waited(2) == ["epoch 1/2  preparing the first step, 31 s so far"]
    assert len(waited(20)) == 1
    show.on_train_batch_end(0, {"loss": 2.0})
    assert waited(30)[1:] == ["epoch 1/2  1/100, 81 s so far"]
    show.on_test_begin()
    assert waited(30)[2:] == ["epoch 1/2  validating, 111 s so far"]
    show.on_epoch_end(0, {"loss": 1.0})
    assert show._waiting is None


def test_the_thread_that_says_so_ends_with_the_first_epoch():
    def watching():
        return [each.name for each in threading.enumerate() if each.name == "nin-waiting"]

    show = ShowProgress(10, Console(file=io.StringIO()))
    show.set_params({"epochs": 1, "steps": 1})
    show.on_train_begin()
    show.on_epoch_begin(0)
    assert watching()
    show.on_epoch_end(0, {"loss": 1.0})
    assert not watching()


def test_lines_of_the_first_epoch_do_not_become_rare(clock):
    lines = shown(clock, [0.5, 0.5], steps=3000)
    often = [sum(line.startswith(f"epoch {epoch}/2") for line in lines) for epoch in (1, 2)]
    assert often[0] == 100
    assert often[1] < 50


@pytest.mark.parametrize(
    "console", [{"force_terminal": True}, {"force_jupyter": True}, {"quiet": True}]
)
def test_elsewhere_nobody_waits(console):
    show = ShowProgress(10, Console(file=io.StringIO(), **console))
    show.set_params({"epochs": 1, "steps": 1})
    show.on_train_begin()
    assert show._waiting is None
    show.close()
