"""Going on equals never having stopped: to the bit, within an epoch too, on every backend."""

from __future__ import annotations

import shutil
import signal

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

import nin
from nin.errors import RunError
from nin.training.checkpoint import Checkpoint, Place, place_of

#: Dropout, augmentation, a schedule, sizes that grow, a short last batch.
RECIPE = nin.RECIPES["digits"].revised(
    epochs=3, limit=90, batch_size=16, width=0.1, image_size=10, smaller_first=(8,), dropout=0.3
)
EPOCH = 6


def stop_at(monkeypatch, step, number=signal.SIGINT):
    """Ask this process to stop when so many batches have been trained on."""
    steps = iter(range(1, 10**6))
    note = Checkpoint.on_train_batch_end

    def watched(self, batch, logs=None):
        if next(steps) == step:
            signal.raise_signal(number)
        note(self, batch, logs)

    monkeypatch.setattr(Checkpoint, "on_train_batch_end", watched)


def same(one, other):
    for name in ("weights", "checkpoint"):
        ours, theirs = (load_file(run.path / f"{name}.safetensors") for run in (one, other))
        assert ours.keys() == theirs.keys()
        for key in ours:
            np.testing.assert_array_equal(ours[key], theirs[key], err_msg=f"{name}: {key}")
    timeless = [
        [{k: v for k, v in row.items() if "second" not in k} for row in run.metrics()]
        for run in (one, other)
    ]
    assert timeless[0] == timeless[1]
    results = [{**run.record["result"], "seconds": 0} for run in (one, other)]
    assert results[0] == results[1]
    assert one.record["health"] == other.record["health"]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return nin.train(RECIPE, tmp_path_factory.mktemp("unbroken") / "run")


@pytest.mark.every_backend
def test_the_same_seed_gives_the_same_weights_to_the_bit(unbroken, tmp_path):
    same(nin.train(RECIPE, tmp_path / "again"), unbroken)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(2, marks=pytest.mark.every_backend),
        EPOCH,
        EPOCH + 5,
        pytest.param(2 * EPOCH + 1, marks=pytest.mark.every_backend),
    ],
)
def test_stopped_at_a_step_and_resumed(unbroken, tmp_path, monkeypatch, step):
    with monkeypatch.context() as patch:
        stop_at(patch, step)
        with pytest.raises(KeyboardInterrupt, match="to go on: nin train --resume"):
            nin.train(RECIPE, tmp_path / "run")
    stopped = nin.load(tmp_path / "run")
    assert stopped.record["state"] == "interrupted"
    place = place_of(stopped)
    assert (place.epoch * EPOCH + place.batch) == step
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    same(nin.resume(tmp_path / "run"), unbroken)


def test_stopped_twice_within_one_epoch(unbroken, tmp_path, monkeypatch):
    run = tmp_path / "run"
    for step, train in ((2, lambda: nin.train(RECIPE, run)), (3, lambda: nin.resume(run))):
        with monkeypatch.context() as patch:
            stop_at(patch, step, signal.SIGTERM)
            with pytest.raises(KeyboardInterrupt):
                train()
    place = place_of(nin.load(tmp_path / "run"))
    assert (place.epoch, place.batch) == (0, 5)
    same(nin.resume(tmp_path / "run"), unbroken)


def test_without_a_checkpoint_it_begins_again(unbroken, tmp_path):
    run = nin.load(shutil.copytree(unbroken.path, tmp_path / "run"))
    run.update(state="training", result=None)
    run.checkpoint_path.unlink()
    with pytest.raises(RunError, match="is missing: train it anew"):
        nin.resume(run.path)
    (run.path / "metrics.jsonl").unlink()
    same(nin.resume(run.path), unbroken)


def test_a_checkpoint_says_where_it_is_and_is_as_small_as_can_be(unbroken):
    with safe_open(unbroken.checkpoint_path, framework="numpy") as file:
        place = Place.model_validate_json(file.metadata()["place"])
    assert (place.epoch, place.batch, place.metrics) == (3, 0, ())


@pytest.mark.parametrize(
    "told", ["", "{}x", '{"epoch": -1}', '{"epoch": "a"}', '{"other": 1}', "[]", '{"seconds": NaN}']
)
def test_a_foreign_place_is_one_line(unbroken, monkeypatch, told):
    monkeypatch.setattr("nin.training.checkpoint.metadata", lambda _: {"place": told})
    with pytest.raises(RunError, match="is no checkpoint of a run"):
        place_of(unbroken)
