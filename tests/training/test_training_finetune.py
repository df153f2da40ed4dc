"""Fine-tuning goes on from the fitted head and never ends worse on held-out images."""

import shutil
import time

import keras
import numpy as np
import photographs
import pytest
from forked import forked
from safetensors.numpy import load_file, save_file
from same_training import assert_same_training
from stopping import stop_at

import nin as d2l
from nin.errors import RecipeError, RunError
from nin.training.runs.checkpoint import read_position
from nin.training.starting_recipe import choose

pytestmark = pytest.mark.slow

#: Most layers frozen, small pictures: quick.
CHANGES = {
    "image_size": 64,
    "crop_size": 48,
    "freeze": 20,
    "epochs": 2,
    "batch_size": 8,
    "validation": 0.2,
}


def recipe(folder, **changes):
    return choose(str(folder), None, finetune=True).revised(**{**CHANGES, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return photographs.folder(tmp_path_factory.mktemp("given") / "stripes", ("train", "test"))


@pytest.fixture(scope="module")
def unbroken(folder, tmp_path_factory):
    return d2l.train(recipe(folder), tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def frozen(folder, tmp_path_factory):
    plain = recipe(folder).revised(finetune=False)
    return d2l.train(plain, tmp_path_factory.mktemp("runs") / "frozen")


def arrays(run, name="weights"):
    return load_file(run.path / f"{name}.safetensors")


def test_it_begins_with_the_fitted_head(unbroken, frozen):
    first, *others = unbroken.metrics()
    assert [first["epoch"], *(row["epoch"] for row in others)] == [0, 1, 2]
    assert {**first, "seconds": 0} == {**frozen.metrics()[0], "seconds": 0}
    assert unbroken.record["head"] == frozen.record["head"]


def test_frozen_layers_and_all_statistics_stay(unbroken, frozen):
    after, before = arrays(unbroken, "checkpoint"), arrays(frozen)
    depth = sum(1 for name in before if name.endswith(".kernel"))
    changed = {name for name in before if not np.array_equal(after[name], before[name])}
    kernels = [name for name in before if name.endswith(".kernel")]
    numbers = sorted(int(name.partition(".")[0]) for name in kernels)
    moved = {int(name.partition(".")[0]) for name in changed}
    assert changed
    assert all("batchnormalization" not in name for name in changed)
    assert min(moved) > numbers[depth // 2]
    assert max(moved) == numbers[-1]


def test_the_best_epoch_is_kept(unbroken):
    rows = unbroken.metrics()
    best = min(rows, key=lambda row: row["val_loss"])
    assert unbroken.record["result"]["epoch"] == best["epoch"]
    evaluation = unbroken.evaluate()
    assert evaluation.part == unbroken.record["result"]["split"] == "test"
    assert evaluation.loss == pytest.approx(unbroken.record["result"]["loss"], rel=1e-4)


def test_where_gradients_do_harm_the_head_is_kept(folder, frozen, tmp_path, capfd):
    # It has not seen the head, and brings back the first epoch when training ends.
    stop = keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True)
    harmful = recipe(folder, learning_rate=1.0, epochs=2)
    run = d2l.train(harmful, tmp_path / "run", callbacks=[stop])
    assert run.record["result"]["epoch"] == 0
    assert "no better on the held-out images: the frozen trunk is kept" in capfd.readouterr().err
    kept, before = arrays(run), arrays(frozen)
    assert all(np.array_equal(kept[name], before[name]) for name in before)


def go_on(path):
    d2l.resume(path, save_every=0)


def test_stopped_after_an_epoch_and_killed_within_the_next_it_ends_where_an_unbroken_one_ends(
    folder, unbroken, tmp_path, monkeypatch
):
    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        stop_at(patch, 3)
        with pytest.raises(KeyboardInterrupt, match="to continue: nin train --resume"):
            d2l.train(recipe(folder), path)
    run = d2l.load(path)
    assert (run.record["state"], read_position(run).epoch) == ("interrupted", 1)
    process = forked(tmp_path, go_on, path)
    deadline = time.monotonic() + 200
    while read_position(run).batch == 0:
        assert time.monotonic() < deadline
        assert process.is_alive()
        time.sleep(0.01)
    process.kill()
    process.join(60)
    assert_same_training(d2l.resume(path), unbroken)


def test_another_run_starts_from_what_was_fine_tuned(folder, unbroken, frozen, tmp_path):
    finetuned = tmp_path / "finetuned"
    shutil.copytree(unbroken.path, finetuned)
    # Whichever epoch is the best, the checkpoint has the last one.
    before, last = arrays(frozen), arrays(unbroken, "checkpoint")
    theirs = {name: last[name] for name in before}
    save_file(theirs, finetuned / "weights.safetensors")
    again = d2l.train(recipe(folder).revised(finetune=False, init=str(finetuned)), tmp_path / "run")
    ours = arrays(again)
    head = max(int(name.partition(".")[0]) for name in ours)
    trunk = [name for name in ours if not name.startswith(f"{head}.")]
    assert all(np.array_equal(ours[name], theirs[name]) for name in trunk)
    assert any(not np.array_equal(ours[name], before[name]) for name in trunk)
    assert again.record["pretrained"]["sha256"] != unbroken.record["pretrained"]["sha256"]


@pytest.mark.parametrize("layers", [26, 27, 9999])
def test_some_layer_must_be_left(folder, tmp_path, layers):
    with pytest.raises(RecipeError, match=f"freeze={layers}: the network has 2. layers, and some"):
        d2l.train(recipe(folder, freeze=layers), tmp_path / "run")


def test_what_is_no_trunk_cannot_be_started_from(folder, small_run, tmp_path):
    with pytest.raises(RunError, match="cannot be started from: not the weights of efficientnet"):
        d2l.train(recipe(folder, init=str(small_run.path)), tmp_path / "run")
