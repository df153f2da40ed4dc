"""Published rows trained again: what agrees, what does not, and what cannot be repeated."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from custom_networks import write_nets
from scipy.stats import t
from undrawn import without_page

from nin.errors import NinError, RunError
from nin.study import Contender, compare, reproduce, sweep
from nin.study.preparation import RECIPE
from nin.study.statistics.intervals import interval_of_another_mean
from nin.study.trials.row import pack
from nin.study.trials.trial import Outcome

DIGITS = RECIPE.revised(data="digits", epochs=2, limit=200)


@pytest.fixture
def trained(monkeypatch):
    """Trainings without training, which may come out otherwise the next time."""
    trials, shift = [], [0.0]

    def pretend(trial):
        trials.append(trial)
        right = 300 + 3 * trial.recipe.seed + round(359 * shift[0])
        return Outcome(
            validation=0.5,
            accuracy=right / 359,
            n=359,
            correct=pack([True] * right + [False] * (359 - right)),
            curve=[0.4, 0.5],
            seconds=1.0,
            died=False,
        )

    monkeypatch.setattr("nin.study.trials.trial_runner.train_trial", pretend)
    without_page(monkeypatch)
    pretend.trials, pretend.shift = trials, shift
    return pretend


@pytest.fixture
def published(trained, tmp_path, monkeypatch):
    """A record of three networks; the folder of its trainings is gone."""
    monkeypatch.chdir(tmp_path)
    write_nets(tmp_path)
    narrow = Contender("narrow", "NiN", {"preset": "mnist", "width": 0.05})
    quick = {"rates": [0.002], "seeds": 4, "measured": False}
    compare([narrow, "lenet", "nets.py:cnn"], DIGITS, out="out", **quick)
    trained.trials.clear()
    return tmp_path / "out/compare.json"


def changed(published, change):
    """The record with something changed."""
    values = json.loads(published.read_text())
    change(values)
    published.write_text(json.dumps(values))
    return published


def test_a_row_trained_again_is_the_same_to_the_bit(published, trained):
    (again,) = reproduce(published, row="narrow")
    assert [trial.recipe.seed for trial in trained.trials] == [0, 1, 2, 3]
    assert trained.trials[0].contender.arguments == {"preset": "mnist", "width": 0.05}
    assert (again.agrees, again.is_identical, again.same_conditions) == (True, True, True)
    assert again.in_words().endswith("the same to the bit, prediction by prediction")
    assert [each.net for each in reproduce(published)] == ["narrow", "lenet", "cnn"]
    assert len(trained.trials) == 12, "what was trained again is kept"


def test_here_what_is_not_the_same_to_the_bit_does_not_agree(published, trained):
    trained.shift[0] = 0.003
    (again,) = reproduce(published, row="lenet")
    assert not again.agrees
    assert "not the same, on the same processor and versions" in again.in_words()


@pytest.mark.parametrize(("shift", "agrees"), [(0.003, True), (0.06, False), (-0.06, False)])
def test_elsewhere_it_agrees_within_the_records_spread(published, trained, shift, agrees):
    path = changed(published, lambda values: values["device"].update(processor="another"))
    trained.shift[0] = shift
    (again,) = reproduce(path, row="lenet")
    assert (again.agrees, again.same_conditions) == (agrees, False)
    assert ("within [" if agrees else "outside [") in again.in_words()


def test_the_interval_is_that_of_another_mean():
    values = [0.91, 0.92, 0.9, 0.915]
    half = t.ppf(0.975, 3) * np.std(values, ddof=1) * np.sqrt(1 / 4 + 1 / 2)
    found = interval_of_another_mean(values, 2)
    assert found == pytest.approx((np.mean(values) - half, np.mean(values) + half))
    assert interval_of_another_mean(values[:2], 2) is None


def test_a_record_of_an_earlier_version_is_read_by_the_names_of_its_networks(published, trained):
    def earlier(values):
        for row in values["rows"]:
            del row["training"], row["correct"]
        del values["settings"]["precision"]

    path = changed(published, earlier)
    (again,) = reproduce(path, row="lenet")
    assert (again.same_predictions, again.is_identical) == (None, True)
    assert trained.trials[0].recipe.precision == "float32"
    with pytest.raises(NinError, match="does not hold what narrow was made of"):
        reproduce(path, row="narrow")


def test_what_cannot_be_repeated_is_one_line(published, tmp_path):
    with pytest.raises(NinError, match="unknown row 'lennet': did you mean 'lenet'"):
        reproduce(published, row="lennet")
    with pytest.raises(NinError, match=r"out holds the trainings of the record itself, .* as out$"):
        reproduce(published, row="lenet", out="out")
    copied = shutil.copy(published, tmp_path / "copy.json")
    with pytest.raises(NinError, match=r"out holds the trainings of another comparison, .* as out"):
        reproduce(copied, row="lenet", out="out")
    (tmp_path / "nets.py").write_text("def cnn(num_classes): pass")
    with pytest.raises(NinError, match="has changed since cnn was trained"):
        reproduce(published, row="cnn")
    other = changed(published, lambda values: values["data"].update(fingerprint="0" * 64))
    with pytest.raises(NinError, match="no longer has the images"):
        reproduce(other, row="lenet")
    lacking = changed(published, lambda values: values["rows"][0]["training"].pop("arguments"))
    with pytest.raises(RunError, match="does not say what was trained: 'arguments' is missing"):
        reproduce(lacking, row="narrow")
    lacking = changed(published, lambda values: values["settings"].pop("seeds"))
    with pytest.raises(RunError, match="does not say what was trained: 'seeds' is missing"):
        reproduce(lacking, row="lenet")
    lacking = changed(published, lambda values: values.update(rows=[], differences=[]))
    lacking = changed(published, lambda values: values["settings"].update(seeds=[0]))
    with pytest.raises(RunError, match="holds no rows"):
        reproduce(lacking)
    for content in ("{}", "[]", "not json"):
        other.write_text(content)
        with pytest.raises(RunError, match="is not a record of a comparison"):
            reproduce(other)
    with pytest.raises(RunError, match="cannot be read"):
        reproduce(tmp_path / "nothing.json")


@pytest.mark.usefixtures("trained")
def test_a_sweep_of_what_images_are_used_can_be_trained_again(tmp_path):
    vary = {"limit": [64, 128]}
    sweep("digits", vary, out=tmp_path / "out", seeds=1, epochs=2, width=0.05, measured=False)
    again = reproduce(tmp_path / "out/compare.json", out=tmp_path / "again")
    assert [each.agrees for each in again] == [True, True]
