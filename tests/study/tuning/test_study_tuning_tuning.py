"""Tuning: only the winner and the recipe's own values see a test image, over the same seeds."""

from __future__ import annotations

import numpy as np
import pytest
from custom_networks import write_nets
from photographs import folder

import nin
from nin import backends
from nin.errors import NinError
from nin.study import Comparison, tune
from nin.study.trials.row import pack
from nin.study.trials.trial import SEARCH_SEED, Outcome

SHORT = {"epochs": 2, "limit": 200, "width": 0.05}
RATES = {"learning_rate": [0.001, 0.002, 0.003]}


@pytest.fixture
def trained(monkeypatch):
    """Trainings without training: a rate of 0.002 is best, or the recipe's 0.003."""
    trials, best = [], [0.002]

    def pretend(trial, callbacks=()):
        trials.append((trial, callbacks))
        quality = 0.9 - 50 * abs(trial.recipe.learning_rate - best[0])
        right = round(359 * quality) + trial.recipe.seed % 7
        tested = {"accuracy": None, "n": 0}
        if trial.looks_at_test:
            correct = pack([True] * right + [False] * (359 - right))
            tested = {"accuracy": right / 359, "n": 359, "correct": correct}
        return Outcome(
            validation=quality, **tested, curve=[quality / 2, quality], seconds=1.0, died=False
        )

    monkeypatch.setattr("nin.study.tuning.tuning.train_trial", pretend)
    monkeypatch.setattr("nin.study.trials.trial_runner.train_trial", pretend)
    pretend.trials, pretend.best = trials, best
    return pretend


def test_the_winner_is_evaluated_once_beside_the_recipes_own_values(trained, tmp_path):
    settings = {"out": tmp_path, "sampler": "grid", "space": RATES, "seeds": 3, **SHORT}
    found = tune("digits", minutes=60, **settings)
    searched = [trial for trial, _ in trained.trials if trial.recipe.seed == SEARCH_SEED]
    tested = [trial for trial, _ in trained.trials if trial.recipe.seed != SEARCH_SEED]
    assert [trial.looks_at_test for trial in searched] == [False] * 3
    assert [(trial.recipe.learning_rate, trial.recipe.seed) for trial in tested] == [
        *((0.002, seed) for seed in range(3)),
        *((0.003, seed) for seed in range(3)),
    ]
    assert found.tuning.best == {"learning_rate": 0.002}
    assert found.tuning.defaults == {"learning_rate": 0.003}
    assert [row.net for row in found.rows] == ["tuned", "the recipe's values"]
    assert found.answer.startswith(
        "3 trainings: tuned is clearly more accurate than the recipe's values (by 5.0 points);"
        " tuned is 5.0 points better than the recipe's values: ["
    )
    kept = (tmp_path / "compare.json").read_text()
    assert Comparison.model_validate_json(kept) == found
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for shown in (found.answer[:40], "The search", "Evaluation on test images", "tuned"):
        assert shown in page
    assert "## The search" in (tmp_path / "compare.md").read_text(encoding="utf-8")
    count = len(trained.trials)
    assert tune("digits", minutes=60, **settings) == found
    assert len(trained.trials) == count, "nothing is trained twice"


@pytest.mark.parametrize("changes", [{"preset": "lenet"}, {"finetune": True}])
def test_what_a_small_folder_makes_of_a_recipe_is_among_what_is_searched(
    changes, tmp_path, monkeypatch
):
    """Smaller batches, and more epochs."""
    found = {}

    def searched(recipe, _own, _data, space, *_):
        found.update(recipe=recipe, space=space)
        raise KeyboardInterrupt

    monkeypatch.setattr("nin.study.tuning.tuning._searched", searched)
    root = folder(tmp_path / "stripes", ("",), each=40)
    with pytest.raises(KeyboardInterrupt):
        tune(str(root), out=tmp_path / "out", **changes)
    recipe, space = found["recipe"], found["space"]
    assert (recipe.batch_size, recipe.epochs) != (64, 15)
    for name in {"batch_size", "epochs"} & {*space}:
        assert getattr(recipe, name) in space[name].values


def test_where_nothing_is_better_the_recipe_stays(trained, tmp_path):
    trained.best[0] = 0.003
    settings = {"out": tmp_path, "sampler": "grid", "space": RATES, "seeds": 1, **SHORT}
    found = tune("digits", minutes=60, **settings)
    assert [row.net for row in found.rows] == ["the recipe's values"]
    assert found.answer.startswith("None of 2 trainings with other values did better on held-out")


def test_a_hopeless_training_is_stopped_by_its_curve(trained):
    """What a training is given to stop itself by."""
    from nin.study.tuning.tuning import EpochReporter

    reported = []
    watch = EpochReporter(lambda *said: bool(reported.append(said)), 1e9, 10)
    watch.set_model(type("Model", (), {"stop_training": False})())
    watch.on_epoch_end(0, {"val_accuracy": 0.5})
    watch.on_train_batch_end(0)
    assert (reported, watch.model.stop_training, watch.done) == ([(1, 0.5)], False, 1)
    watch.report = lambda *_: True
    watch.on_epoch_end(1, {"val_accuracy": 0.4})
    assert watch.model.stop_training
    late = EpochReporter(lambda *_: False, -1.0, 10)
    late.set_model(type("Model", (), {"stop_training": False})())
    late.on_train_batch_end(0)
    assert (late.is_late, late.model.stop_training) == (True, True)
    assert not trained.trials


def test_a_training_that_raises_leaves_what_is_finished(trained, tmp_path, monkeypatch):
    def raises(trial, callbacks=()):
        if len(trained.trials) == 2:
            raise NinError("nets.py, line 3: no such luck")
        return trained(trial, callbacks)

    monkeypatch.setattr("nin.study.tuning.tuning.train_trial", raises)
    settings = {"out": tmp_path, "sampler": "grid", "space": RATES, "seeds": 1, **SHORT}
    with pytest.raises(NinError, match="no such luck; 2 trainings are kept"):
        tune("digits", minutes=60, **settings)


def test_a_network_that_changed_is_searched_anew(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_nets(tmp_path)
    short = {"epochs": 2, "limit": 200, "seeds": 1, "preset": "nets.py:cnn"}
    settings = {"out": "out", "sampler": "grid", "space": RATES, **short}
    tune("digits", minutes=60, **settings)
    for kept in (tmp_path / "out/trainings").iterdir():
        kept.unlink()  # As if it had been killed while it searched.
    trained.trials.clear()
    write_nets(tmp_path, "# otherwise")
    tune("digits", minutes=60, **settings)
    assert sum(trial.recipe.seed == SEARCH_SEED for trial, _ in trained.trials) == 3


def test_what_other_processes_cannot_reach_is_refused_before_the_search(trained, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    settings = {"out": tmp_path, "space": RATES, "seeds": 1, "epochs": 2, "jobs": 2}
    with pytest.raises(NinError, match="images in memory exist only"):
        tune((images, np.arange(60) % 3), minutes=60, **settings)
    assert not trained.trials


def test_the_random_state_of_the_caller_is_left_alone(trained, tmp_path, monkeypatch):
    def seeding(trial, callbacks=()):
        backends.set_random_seed(trial.recipe.seed)
        return trained(trial, callbacks)

    monkeypatch.setattr("nin.study.tuning.tuning.train_trial", seeding)
    settings = {"out": tmp_path, "sampler": "grid", "space": RATES, "seeds": 1, **SHORT}
    np.random.seed(5)
    tune("digits", minutes=60, **settings)
    drawn = np.random.rand()
    np.random.seed(5)
    assert np.random.rand() == drawn


def test_a_network_of_this_process_is_named(trained, tmp_path):
    class Net(nin.Classifier):
        def __init__(self, num_classes=10):
            super().__init__()

    settings = {"out": tmp_path, "space": RATES, "seeds": 1, "epochs": 2, "jobs": 2}
    with pytest.raises(NinError, match=r"^Net@.* exists only in this process"):
        tune("digits", preset=Net, minutes=60, **settings)
    assert not trained.trials
