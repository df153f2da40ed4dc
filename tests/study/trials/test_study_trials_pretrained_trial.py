"""A trial of a pretrained network: its head, evaluated by cross-validation and on test images."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from photographs import folder

from nin.study.sweeps.factor_grid import contender_at
from nin.study.trials import pretrained_trial
from nin.study.trials.learning_rate_search import search_learning_rates
from nin.study.trials.pretrained_trial import train_pretrained
from nin.study.trials.row import unpack
from nin.study.trials.trial import SEARCH_SEED, Trial
from nin.training.recipes import RECIPES


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    root = folder(tmp_path_factory.mktemp("stripes"), ("train", "test"), each=10)
    return RECIPES["photos"].revised(data=str(root), image_size=64)


def trial(recipe, seed, judged_on="test"):
    return Trial(contender_at(recipe, {}), recipe.revised(seed=seed), 1, "abc", 1.0, judged_on)


@pytest.mark.slow
def test_a_head_is_fitted_and_evaluated(recipe, monkeypatch):
    tested = trial(recipe, 0)
    assert tested.is_pretrained
    found = train_pretrained(tested)
    assert tested.fault(found) is None
    assert found.n == 20
    assert unpack(found.correct, 20).mean() == pytest.approx(found.accuracy)
    assert 0.5 < found.validation <= 1
    looked = []
    compute = pretrained_trial.compute_features
    monkeypatch.setattr(
        pretrained_trial,
        "compute_features",
        lambda paths, *rest: looked.extend(paths) or compute(paths, *rest),
    )
    searched = trial(recipe, SEARCH_SEED, "validation")
    found = train_pretrained(searched)
    assert searched.fault(found) is None
    assert (found.accuracy, found.n) == (None, 0)
    assert np.all(["/train/" in path for path in looked]), "no test picture is even read"


def test_a_frozen_trunk_has_no_rate_to_search_and_a_fine_tuned_one_a_dropout(recipe):
    frozen = trial(recipe, 0)
    runner = SimpleNamespace(outcomes=lambda trials: dict.fromkeys(trials), expect=lambda _: None)
    assert search_learning_rates(runner, [frozen], [0.001, 0.003]) == [{}]
    tuned = recipe.revised(finetune=True, epochs=4)
    one, other = (trial(tuned.revised(dropout=dropout), 0) for dropout in (None, 0.6))
    assert not one.is_frozen
    assert one.key() != other.key()
    assert one.shortened(0.5).recipe.epochs == 2


@pytest.mark.slow
def test_a_head_is_evaluated_on_held_out_pictures_where_the_test_is_not_to_be_looked_at(recipe):
    judged = trial(recipe.revised(validation=0.2), 0, "validation")._replace(divided_by=0)
    found = train_pretrained(judged)
    assert judged.fault(found) is None
    count = len(judged.images().files("validation").paths)
    assert (found.accuracy, found.n) == (None, count)
    assert unpack(found.correct, count).mean() == pytest.approx(found.validation)


def test_fine_tuning_that_died_is_reported_as_that(recipe, monkeypatch):
    rows = [{"epoch": 0, "val_accuracy": 0.8}, {"epoch": 1, "val_accuracy": 0.1}]
    health = [{"step": 5, "kind": "not finite", "message": ""}]
    record = {"result": {"seconds": 1.0}, "health": health}
    run = SimpleNamespace(metrics=lambda: rows, best_epoch=lambda: 0, record=record)
    monkeypatch.setattr(pretrained_trial, "train_on", lambda *_, **__: run)
    assert train_pretrained(trial(recipe.revised(finetune=True), 0, "validation")).died
    health.clear()
    assert not train_pretrained(trial(recipe.revised(finetune=True), 0, "validation")).died


def test_the_same_network_from_fresh_weights_is_another_trial(recipe):
    pretrained = trial(recipe, 0)
    fresh = pretrained._replace(recipe=pretrained.recipe.revised(preset="book"))
    assert fresh.key() != pretrained.key()
    assert not fresh.is_pretrained
