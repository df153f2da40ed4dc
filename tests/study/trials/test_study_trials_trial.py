"""One training of a comparison, for real; and what tells it from others."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from tiny_network import MNIST

from nin.networks.presets import PRESETS
from nin.study import Contender
from nin.study.comparison import RECIPE
from nin.study.trials.row import unpack
from nin.study.trials.trial import SEARCH_SEED, Trial, train_trial, training_length
from nin.study.trials.trial_clock import TrialClock

DIGITS = RECIPE.revised(
    data="digits", epochs=2, limit=200, learning_rate=0.003, precision="float32"
)
TINY = Contender("tiny", "NiN", {"preset": "mnist", "width": 0.05})
TRIAL = Trial(TINY, DIGITS, steps=6, fingerprint="abc")


@pytest.fixture(scope="module", autouse=True)
def _few_layers():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "mnist", MNIST)
        yield


@pytest.fixture(scope="module")
def outcome(_few_layers):
    return train_trial(TRIAL)


@pytest.mark.slow
@pytest.mark.every_backend
def test_an_evaluated_training(outcome):
    assert outcome.n == 359
    assert 0 <= outcome.accuracy <= 1
    assert unpack(outcome.correct, 359).mean() == pytest.approx(outcome.accuracy)
    assert len(outcome.curve) == 2
    assert outcome.validation == outcome.curve[-1]
    assert outcome.seconds > 0
    assert not outcome.died


@pytest.mark.slow
def test_held_out_images_are_evaluated_on_where_test_images_are_not_to_be(outcome):
    judged = TRIAL._replace(judged_on="validation", divided_by=0)
    found = train_trial(judged)
    assert (found.accuracy, found.n) == (None, 144)
    assert unpack(found.correct, 144).mean() == pytest.approx(found.validation)
    assert found.curve == outcome.curve
    assert judged.fault(found) is None


@pytest.mark.slow
def test_the_same_cell_comes_to_the_same(outcome):
    assert train_trial(TRIAL).model_dump(exclude={"seconds"}) == outcome.model_dump(
        exclude={"seconds"}
    )


@pytest.mark.slow
def test_a_search_never_looks_at_test_images(monkeypatch):
    def look(*_):
        raise AssertionError("looked")

    monkeypatch.setattr("nin.study.trials.trial.evaluate", look)
    found = train_trial(TRIAL._replace(recipe=DIGITS.revised(seed=SEARCH_SEED, epochs=1), steps=2))
    assert (found.accuracy, found.n) == (None, 0)


def test_a_long_training_says_in_a_log_how_far_it_is(monkeypatch, capsys):
    now = SimpleNamespace(seconds=0.0)
    fake = SimpleNamespace(monotonic=lambda: now.seconds, perf_counter=lambda: now.seconds)
    for home in ("nin.study.trials.trial_clock.time", "nin.progress.time"):
        monkeypatch.setattr(home, fake)
    clock = TrialClock(TRIAL.label, 100, TRIAL.recipe.part_size)
    clock.on_epoch_begin(0)
    for batch in range(60):
        now.seconds += 1
        clock.on_train_batch_end(batch)
    first, second = capsys.readouterr().err.splitlines()
    assert first == "tiny  seed 0  lr 0.003: 10 of 100 steps  64 img/s  2 min left"
    assert second.startswith("tiny  seed 0  lr 0.003: 40 of 100 steps  64 img/s  60 s left")


@pytest.mark.slow
@pytest.mark.every_backend
def test_training_ends_after_its_steps(monkeypatch):
    steps = []
    monkeypatch.setattr(
        "nin.study.trials.trial._evaluated",
        lambda model, *_: (
            steps.append(int(model.optimizer.iterations)) or {"accuracy": 0.5, "n": 1}
        ),
    )
    train_trial(TRIAL._replace(steps=3))
    assert steps == [3]


@pytest.mark.slow
def test_outputs_that_are_not_finite_count_as_wrong():
    wild = TRIAL._replace(recipe=DIGITS.revised(learning_rate=1e30, clip_norm=0.0, epochs=1))
    found = train_trial(wild)
    assert found.accuracy is not None
    assert math.isfinite(found.accuracy)


@pytest.mark.parametrize(
    "other",
    [
        TRIAL._replace(contender=TINY._replace(arguments={"preset": "mnist", "width": 0.06})),
        TRIAL._replace(contender=Contender("tiny", "LeNet", {})),
        TRIAL._replace(recipe=DIGITS.revised(learning_rate=0.001)),
        TRIAL._replace(recipe=DIGITS.revised(seed=1)),
        TRIAL._replace(recipe=DIGITS.revised(limit=201)),
        TRIAL._replace(steps=7),
        TRIAL._replace(fingerprint="abd"),
    ],
)
def test_another_training_has_another_key(other):
    assert other.key() != TRIAL.key()


def test_names_and_groups_do_not_make_another_training():
    renamed = TRIAL._replace(contender=TINY._replace(name="small", group="1. ones"), effort=9.0)
    assert renamed.key() == TRIAL.key()


def test_what_earlier_versions_kept_is_found(monkeypatch):
    monkeypatch.setattr("nin.backends.choose", lambda: "tensorflow")
    assert TRIAL.key() == "a690166f45f6d721"


def test_the_backend_is_part_of_the_key(monkeypatch):
    monkeypatch.setattr("nin.backends.choose", lambda: "another")
    other = TRIAL.key()
    monkeypatch.undo()
    assert other != TRIAL.key()


@pytest.mark.parametrize(
    ("images", "budget", "expected"),
    [(200, None, (2, 8)), (192, None, (2, 6)), (200, 64.0, (1, 1)), (200, 600.0, (3, 9))],
)
def test_a_budget_in_training_length(images, budget, expected):
    recipe, steps = training_length(DIGITS, images, budget)
    assert (recipe.epochs, steps) == expected
    assert (recipe.epochs - 1) * math.ceil(images / 64) < steps
