"""A source behind a URL that goes away stops a training whole; resumed, it ends as if unbroken."""

from __future__ import annotations

import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image
from same_training import assert_same_training
from shards import as_tar_shards

import nin
from nin.data.storage import picture_store
from nin.data.storage.remote_files import REMOTE
from nin.data.streaming import StreamedBatches
from nin.errors import NinError, SourceError
from nin.training.runs.checkpoint import read_position
from nin.training.runs.run import Run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny")]


@pytest.fixture
def url(server, tmp_path):
    """Shards of 60 noisy pictures in two classes, behind a password and a signature."""
    noise = np.random.default_rng(0)
    for name, least in (("dark", 0), ("light", 100)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(30):
            pixels = noise.integers(least, least + 156, (12, 12, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number:02}.png")
    as_tar_shards(tmp_path / "photos", server.folder, 2, "cls", name="{:03}.tar")
    place = server.url.replace("http://", "http://anna:geheim@")
    return f"{place}/{{000..001}}.tar?X-Amz-Signature=0f0f"


class Fails(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise ZeroDivisionError


def test_a_callback_that_fails_leaves_a_run_that_is_interrupted(tmp_path):
    recipe = {"preset": "mnist", "width": 0.1, "epochs": 1, "limit": 60}
    with pytest.raises(ZeroDivisionError):
        nin.train("digits", tmp_path / "run", callbacks=[Fails()], **recipe)
    assert nin.load(tmp_path / "run").record["state"] == "interrupted"
    assert nin.resume(tmp_path / "run").record["state"] == "finished"


def test_what_ended_a_training_is_told_although_the_disk_is_full(tmp_path, monkeypatch):
    class FillsTheDisk(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            monkeypatch.setattr(Run, "update", full)
            raise KeyboardInterrupt

    def full(*_, **__):
        raise NinError("cannot write run/run.json: No space left on device")

    recipe = {"preset": "mnist", "width": 0.1, "epochs": 1, "limit": 60}
    with pytest.raises(KeyboardInterrupt, match="stopped; to continue: nin train --resume"):
        nin.train("digits", tmp_path / "run", callbacks=[FillsTheDisk()], **recipe)


def test_a_source_that_goes_away(server, url, tmp_path, monkeypatch, capsys):
    recipe = {"preset": "mnist", "image_size": 12, "batch_size": 8, "epochs": 2, "stream": True}
    recipe |= {"width": 0.1, "least_steps": 0, "seed": 1, "data": url}
    options = {"save_every": 0}
    whole = nin.train(**recipe, out=tmp_path / "whole", **options)

    stored = StreamedBatches._stored

    def lost(batches, epoch, index):
        if (epoch, index) == (2, 1):
            shutil.rmtree(tmp_path / "cache/blocks")
            REMOTE.__init__()
            server.faults = ["reset"]
        return stored(batches, epoch, index)

    with monkeypatch.context() as patch:
        patch.setattr(StreamedBatches, "_stored", lost)
        patch.setattr(picture_store, "WAITING", 1)  # Not the whole epoch is read ahead.
        with pytest.raises(SourceError) as caught:
            nin.train(**recipe, out=tmp_path / "broken", **options)
    said = str(caught.value)
    assert said.startswith(f"{server.url}/00")
    assert said.endswith(f"the training stopped: to continue: nin train --resume {tmp_path}/broken")
    server.faults = []
    record = json.loads((tmp_path / "broken/run.json").read_text())
    assert (record["state"], record.get("skipped", [])) == ("interrupted", [])
    assert read_position(nin.load(tmp_path / "broken")).batch > 1
    resumed = nin.resume(tmp_path / "broken")
    assert_same_training(resumed, whole)
    assert resumed.record["data"]["source"] == f"{server.url}/{{000..001}}.tar"
    written = b"".join(path.read_bytes() for path in (tmp_path / "broken").rglob("*.*"))
    for secret in (b"geheim", b"0f0f", b"X-Amz"):
        assert secret not in written
        assert secret.decode() not in said + "".join(capsys.readouterr())


def test_trained_weights_of_a_function_see_the_images_that_others_see(tmp_path):
    def loaded(num_classes):
        layers = [keras.Input((12, 12, 1)), keras.layers.Conv2D(4, 3)]
        layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(num_classes)]
        net = keras.Sequential(layers)
        net.is_fresh = False
        return net

    options = {"image_size": 12, "epochs": 1, "limit": 64}
    run = nin.train("digits", preset=loaded, out=tmp_path / "run", **options)
    seen = run.record["model"]["preprocessing"]
    assert seen["size"] == [12, 12]
    assert seen["mean"] != [0.0]
