"""What is said while trials run and standard error is a log."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from nin.errors import NinError
from nin.study import Contender
from nin.study.comparison import RECIPE
from nin.study.trials import trial_runner
from nin.study.trials.trial import Outcome, Trial
from nin.study.trials.trial_runner import TrialRunner

TRIAL = Trial(Contender("tiny", "NiN", {}), RECIPE.revised(learning_rate=0.003), 6, "abc")
OUTCOME = Outcome(validation=0.5, accuracy=0.25, n=4, curve=[0.5], seconds=3.0, died=False)


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(trial_runner, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def made(jobs=None, console=None):
    cache = SimpleNamespace(get=lambda _: None, put=lambda *_: None)
    return TrialRunner(cache, jobs, 3, 3.0, console or Console(file=io.StringIO(), soft_wrap=True))


def test_each_training_is_a_line_with_the_time_left(clock, monkeypatch):
    def finished(_, trials):
        for trial in trials:
            clock.seconds += 20
            yield trial, OUTCOME, None

    monkeypatch.setattr(TrialRunner, "_finished", finished)
    with made() as running:
        running.outcomes([TRIAL.revised(0.003, seed) for seed in range(3)])
    assert running.console.file.getvalue().splitlines() == [
        "1/3  tiny  seed 0  lr 0.003: validation 0.5000, test 0.2500  3 s  40 s left",
        "2/3  tiny  seed 1  lr 0.003: validation 0.5000, test 0.2500  3 s  20 s left",
        "3/3  tiny  seed 2  lr 0.003: validation 0.5000, test 0.2500  3 s",
    ]


@pytest.mark.parametrize(
    ("jobs", "advice"), [(1, "give a smaller batch_size"), (2, "fewer at a time: jobs=1, or")]
)
def test_what_is_not_in_force_is_not_advised_against(monkeypatch, jobs, advice):
    def killed(*_):
        raise trial_runner.BrokenExecutor
        yield

    monkeypatch.setattr(TrialRunner, "_finished", killed)
    with made(jobs) as running, pytest.raises(NinError) as caught:
        running.outcomes([TRIAL])
    assert str(caught.value).startswith("a worker was killed, probably for lack of memory")
    assert str(caught.value).partition("kept: ")[2].startswith(advice)
