"""The search: what it tries, stops and keeps, and that a killed one goes on."""

from __future__ import annotations

import io
import json
import time

import pytest
from rich.console import Console

from nin.errors import Advice, Argument, NinError, RunError
from nin.study.tuning import search as searching
from nin.study.tuning.search import Search, Trained
from nin.study.tuning.spaces import Choice, Range

SPACE = {"learning_rate": Range(1e-3, 1e-1, log=True), "batch_size": Choice((32, 64))}
OWN = {"learning_rate": 0.05, "batch_size": 64}


@pytest.fixture
def clock(monkeypatch):
    """Every training takes a minute."""
    now = [0.0]
    monkeypatch.setattr(searching.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def made(tmp_path, clock):
    """Trainings without training: low rates are better, and hopeless from their first epoch."""

    def begin(space=SPACE, own=OWN, sampler="tpe", folder=tmp_path):
        console = Console(file=io.StringIO(), soft_wrap=True)
        return Search(folder, "digits", space, own, sampler, 6, console)

    def train(values, report, _):
        clock[0] += 60
        accuracy = 1 - values.get("learning_rate", 0.05) * 5
        curve = []
        for epoch in range(1, 7):
            curve.append(accuracy * epoch / 6)
            if report(epoch, curve[-1]):
                return Trained(curve[-1], curve, epoch / 6)
        return Trained(curve[-1], curve, 1.0)

    begin.train = train
    return begin


def test_the_recipes_own_values_come_first_and_the_best_is_found(made):
    search = made()
    search.run(12, made.train)
    tried = search.tried()
    assert len(tried) == 12
    assert tried[0].values == OWN
    assert (
        search.best()
        == max((each for each in tried if each.accuracy), key=lambda each: each.accuracy).values
    )
    assert search.best()["learning_rate"] < 0.05
    assert {each.state for each in tried} == {"complete", "pruned"}
    assert all(len(each.curve) < 6 for each in tried if each.state == "pruned")
    assert max(search.importances(), key=search.importances().get) == "learning_rate"


def test_one_that_was_killed_goes_on_as_if_it_had_not_been(made, tmp_path):
    (tmp_path / "whole").mkdir()
    whole = made(folder=tmp_path / "whole")
    whole.run(6, made.train)
    search = made()
    search.run(3, made.train)
    journal = tmp_path / "optuna.journal"
    # As kill -9 leaves it: a training that runs, a lock, and half a line.
    search._study.ask(fixed_distributions=search._distributions)
    (tmp_path / "optuna.journal.lock").symlink_to("optuna.journal")
    with journal.open("ab") as file:
        file.write(b'{"op_code":5,"wor')
    began = time.perf_counter()
    again = made()
    again.run(6, made.train)
    assert time.perf_counter() - began < 25, "it waits for nobody's lock"
    kept = [each for each in again.tried() if each.state != "fail"]
    assert [each.values for each in kept][:3] == [each.values for each in whole.tried()][:3]
    assert sum(each.seconds for each in again.tried()) == 360, "time that was used counts"
    assert all(json.loads(line) for line in journal.read_text().splitlines())


def test_the_time_of_a_training_that_was_killed_counts_up_to_its_last_epoch(made, clock):
    def killed(_, report, __):
        clock[0] += 45
        report(1, 0.5)
        clock[0] += 10
        raise SystemExit

    with pytest.raises(SystemExit):
        made().run(3, killed)
    again = made()
    assert [(each.state, each.seconds) for each in again.tried()] == [("fail", 45)]


@pytest.mark.parametrize("sampler", ["grid", "tpe", "random"])
def test_a_grid_ends_when_all_is_tried_and_few_combinations_are_one(made, tmp_path, sampler):
    space = {"learning_rate": Choice((0.05, 0.01)), "batch_size": Choice((32, 64))}
    for own in (OWN, {"learning_rate": 0.01, "batch_size": 32}):
        (folder := tmp_path / str(own["batch_size"])).mkdir()
        search = made(space, own, sampler=sampler, folder=folder)
        search.run(100, made.train)
        tried = [each.values for each in search.tried()]
        assert tried[0] == own
        assert len({str(each) for each in tried}) == len(tried) == 4


@pytest.mark.parametrize("when", [0, 1, 3])
def test_a_grid_that_was_interrupted_has_every_combination_once(made, when):
    space, count = {"learning_rate": Choice((0.01, 0.02, 0.03, 0.05))}, 0

    def stops(*arguments):
        nonlocal count
        count += 1
        if count == when + 1:
            raise KeyboardInterrupt
        return made.train(*arguments)

    own = {"learning_rate": 0.03}
    with pytest.raises(KeyboardInterrupt):
        made(space, own).run(100, stops)
    again = made(space, own)
    again.run(100, stops)
    ended = [each.values["learning_rate"] for each in again.tried() if each.state != "fail"]
    assert sorted(ended) == [0.01, 0.02, 0.03, 0.05]


def test_what_is_finished_is_kept_when_a_training_raises_or_is_stopped(made):
    search = made()
    search.run(2, made.train)

    def raises(*_):
        raise NinError("nets.py, line 3: no such luck", Advice("try {}", Argument("jobs")))

    with pytest.raises(NinError, match=r"no such luck; 2 trainings are kept: try jobs") as caught:
        search.run(9, raises)
    assert caught.value.render(lambda _: None).endswith("kept"), "advice that a command lacks"

    def stops(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="2 trainings are kept; run the same command again"):
        search.run(9, stops)
    again = made()
    again.run(4, made.train)
    assert sum(each.state == "complete" for each in again.tried()) == 4


def test_too_little_time_for_one_training_is_said(made, clock):
    def slow(_, __, until):
        clock[0] += until
        return Trained(0.1, [0.1], 0.25)

    with pytest.raises(NinError) as caught:
        made().run(1, slow)
    said = "1 minutes are too short for one training: only 25% of it was done: give more minutes=8"
    assert str(caught.value) == said
    with pytest.raises(NinError, match="too short for more than the recipe's own values"):
        made().run(1.5, made.train)


def test_a_damaged_journal_is_named(made, tmp_path):
    (tmp_path / "optuna.journal").write_text("not json\nat all\n")
    with pytest.raises(RunError, match="journal is damaged"):
        made()
