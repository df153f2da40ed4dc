"""Going on equals never having stopped: to the bit, within an epoch too, on every backend."""

from __future__ import annotations

import json
import math
import shutil
import signal
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import load_file, save
from same_training import assert_same_training
from stopping import stop_at

import nin
from nin.errors import DataError, RunError
from nin.exporting.describe import describe
from nin.training.health import Finding
from nin.training.runs.checkpoint import Position, read_position
from nin.training.stop_signal import StopSignal

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny")]

#: Dropout, augmentation, balance, a schedule, weight averages, a short last batch.
RECIPE = nin.RECIPES["digits"].revised(
    precision="float32",
    epochs=3,
    limit=90,
    batch_size=16,
    width=0.1,
    image_size=10,
    dropout=0.3,
    flip=True,
    crop=0.5,
    rotation=15,
    brightness=0.3,
    contrast=0.3,
    saturation=0.3,
    erasing=0.3,
    fill_mode="reflect",
    mixup=0.2,
    cutmix=0.2,
    label_smoothing=0.1,
    balance="weights",
    batch_norm=True,
    pooling="average",
    weight_decay=0.1,
    decay_biases=False,
    ema_momentum=0.8,
)
EPOCH = 6


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return nin.train(RECIPE, tmp_path_factory.mktemp("unbroken") / "run")


@pytest.mark.every_backend
def test_stopped_again_and_again_and_resumed_each_time(unbroken, tmp_path, monkeypatch):
    """Twice within an epoch, at its end, and in the last; on other backends less often."""
    first, *others = (2, 5, EPOCH, 2 * EPOCH + 1)
    steps = (first, *others) if nin.backends.choose() == "tensorflow" else (first, others[-1])
    run, done = tmp_path / "run", 0
    for step, number in zip(steps, (signal.SIGINT, signal.SIGTERM) * 2, strict=False):
        with monkeypatch.context() as patch:
            stop_at(patch, step - done, number)
            with pytest.raises(KeyboardInterrupt, match="to continue: nin train --resume"):
                nin.resume(run) if done else nin.train(RECIPE, run)
        stopped, done = nin.load(run), step
        assert stopped.record["state"] == "interrupted"
        place = read_position(stopped)
        assert divmod(step, EPOCH) == (place.epoch, place.batch)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    resumed = nin.resume(run)
    assert_same_training(resumed, unbroken)
    begun = [0, *(step // EPOCH for step in steps)]
    assert [session["epoch"] for session in resumed.record["sessions"]] == begun
    assert len(unbroken.record["sessions"]) == 1


class ByHand(nin.LeNet):
    """Trained by the book's loop, with dropout of the image."""

    def __init__(self, num_classes=10):
        super().__init__(num_classes=num_classes)
        self.seeds = keras.random.SeedGenerator(1)

    def training_step(self, batch):
        images, labels = batch
        kept = keras.random.dropout(keras.ops.cast(images, "float32"), 0.3, seed=self.seeds)
        loss = self.loss(self(kept), labels)
        self.plot("loss", loss, train=True)
        return loss


def test_with_a_step_of_its_own_it_is_continued_within_an_epoch_too(tmp_path, monkeypatch):
    settings = {"preset": ByHand, "epochs": 2, "limit": 90, "batch_size": 16}
    whole, run = nin.train("digits", tmp_path / "whole", **settings), tmp_path / "run"
    for number in range(3):
        with monkeypatch.context() as patch:
            stop_at(patch, 2)
            with pytest.raises(KeyboardInterrupt):
                nin.resume(run) if number else nin.train("digits", run, **settings)
    place = read_position(nin.load(run))
    assert (place.epoch, place.batch) == divmod(3 * 2, EPOCH)
    resumed = nin.resume(run)
    for one, other in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    last, as_whole = (each.metrics()[-1] for each in (resumed, whole))
    assert last["val_loss"] == as_whole["val_loss"]
    assert last["loss"] == as_whole["loss"]


def test_an_inner_block_changes_nothing_and_what_is_released_acts_as_usual():
    stop_signal = StopSignal()
    with stop_signal.caught():
        with stop_signal.caught():
            pass
        signal.raise_signal(signal.SIGINT)
        assert stop_signal.received
    with stop_signal.caught():
        stop_signal.release()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stop_signal = StopSignal()
    try:
        with stop_signal.caught():
            signal.raise_signal(signal.SIGTERM)
            assert not stop_signal.received
            signal.raise_signal(signal.SIGINT)
            assert stop_signal.received
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_resumed_elsewhere_the_record_tells_both(unbroken, tmp_path):
    """On another backend and another machine, from a record of before there were sessions."""
    run = nin.load(shutil.copytree(unbroken.path, tmp_path / "run"))
    there = {"versions": {"backend": "jax", "jax": "0.7.0"}, "device": {"processor": "abacus"}}
    record = {key: value for key, value in run.record.items() if key != "sessions"}
    (run.path / "run.json").write_text(json.dumps({**record, **there}))
    resumed = nin.resume(run.path, epochs=4)
    first, second = resumed.record["sessions"]
    assert first == {"epoch": 0, **there, "command": record["command"]}
    assert second["epoch"] == 3
    assert second["versions"] == unbroken.record["versions"]
    assert second["device"] == unbroken.record["device"]
    assert Path(second["directory"]) == Path.cwd()
    told = describe(resumed)["provenance"]["sessions"]
    assert [session["epoch"] for session in told] == [0, 3]
    assert told[0]["device"] == there["device"]
    assert str(Path.cwd()) not in json.dumps(told)


def test_with_every_option(tmp_path, monkeypatch, photos):
    recipe = RECIPE.revised(
        data=str(photos),
        limit=18,
        batch_size=4,
        accumulate=2,
        precision="bfloat16",
        balance="sampling",
        stream=True,
        optimizer="sgd",
        momentum=0.9,
        learning_rate=0.01,
        epochs=2,
    )
    unbroken = nin.train(recipe, tmp_path / "whole", skip_bad=True)
    with monkeypatch.context() as patch:
        stop_at(patch, 12)
        with pytest.raises(KeyboardInterrupt):
            nin.train(recipe, tmp_path / "run", skip_bad=True)
    assert read_position(nin.load(tmp_path / "run")).batch
    assert_same_training(nin.resume(tmp_path / "run"), unbroken)
    assert [Path(line.partition(": ")[0]).name for line in unbroken.record["skipped"]] == [
        "bad.png"
    ]


def test_a_picture_that_is_met_late_can_be_done_without(tmp_path, photos):
    (photos / "train/light/bad.png").rename(photos / "test/light/bad.png")
    recipe = RECIPE.revised(data=str(photos), stream=True, batch_size=4)
    with pytest.raises(DataError, match=r"bad\.png.*skip_bad=True"):
        nin.train(recipe, tmp_path / "run")
    resumed = nin.resume(tmp_path / "run", skip_bad=True)
    assert_same_training(resumed, nin.train(recipe, tmp_path / "whole", skip_bad=True))


@pytest.fixture
def photos(tmp_path):
    """Two classes of small pictures, one of which cannot be read."""
    random = np.random.default_rng(0)
    for part, count in (("train", 10), ("test", 3)):
        for name, least in (("dark", 0), ("light", 128)):
            folder = tmp_path / "photos" / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(least, least + 128, (12, 12, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"{number:02}.png")
    (tmp_path / "photos/train/light/bad.png").write_bytes(b"no picture")
    return tmp_path / "photos"


@pytest.mark.parametrize("place", [{"batch": 6}, {"batch": 3, "metrics": (1.0,)}, {"epoch": 3}])
def test_a_place_of_another_run_is_one_line(unbroken, tmp_path, place):
    run = nin.load(shutil.copytree(unbroken.path, tmp_path / "run"))
    run.update(state="interrupted")
    arrays = load_file(run.checkpoint_path)
    told = json.dumps(Position(**place).model_dump())
    run.checkpoint_path.write_bytes(save(arrays, metadata={"place": told}))
    run.write_metrics(run.metrics()[:1])
    with pytest.raises(RunError, match=r"is not a checkpoint of this run|but not their metrics"):
        nin.resume(run.path)


def test_a_place_keeps_what_json_can_hardly_say():
    finding = Finding(80, "silent class", "for: caf\udce9")
    place = Position(metrics=(math.nan, math.inf), findings=(finding,))
    again = Position.model_validate(json.loads(json.dumps(place.model_dump())))
    assert again.findings == (finding,)
    assert math.isnan(again.metrics[0])
    assert again.metrics[1] == math.inf


def test_without_a_checkpoint_it_begins_again_and_the_same_seed_gives_the_same_weights(
    unbroken, tmp_path
):
    run = nin.load(shutil.copytree(unbroken.path, tmp_path / "run"))
    run.update(state="training", result=None)
    run.checkpoint_path.unlink()
    with pytest.raises(RunError, match="is missing: train again"):
        nin.resume(run.path)
    (run.path / "metrics.jsonl").unlink()
    assert_same_training(nin.resume(run.path), unbroken)


def test_a_checkpoint_says_where_it_is_and_is_as_small_as_can_be(unbroken):
    with safe_open(unbroken.checkpoint_path, framework="numpy") as file:
        place = Position.model_validate_json(file.metadata()["place"])
    assert (place.epoch, place.batch, place.metrics) == (3, 0, ())


@pytest.mark.parametrize(
    "told",
    [
        "",
        "{}x",
        '{"epoch": -1}',
        '{"epoch": "a"}',
        '{"other": 1}',
        "[]",
        '{"seconds": NaN}',
        "1" * 9999,
    ],
)
def test_a_foreign_place_is_one_line(unbroken, monkeypatch, told):
    monkeypatch.setattr("nin.training.runs.checkpoint.read_metadata", lambda _: {"place": told})
    with pytest.raises(RunError, match="is not a checkpoint of a run"):
        read_position(unbroken)
