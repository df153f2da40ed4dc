"""Training from tar shards in windows: killed within an epoch, it goes on to the bit."""

from __future__ import annotations

import signal
import time

import pytest
import small_windows
from forked import forked
from same_training import assert_same_training

import nin
from nin.training.runs.checkpoint import read_position

pytestmark = pytest.mark.slow

CHANGES = {
    "epochs": 2,
    "batch_size": 8,
    "image_size": 12,
    "width": 0.1,
    "seed": 4,
    "stream": True,
    "crop": 0.7,
    "flip": True,
    "preset": "mnist",
    "precision": "float32",
}


def train(path):
    small_windows.narrow()
    recipe = nin.RECIPES["digits"].revised(data="shards", **CHANGES)
    nin.train(recipe, path, save_every=0)


def resume(path):
    small_windows.narrow()
    nin.resume(path, save_every=0)


def wait_for(run, processes):
    """Until a checkpoint lies within an epoch."""
    deadline = time.monotonic() + 240
    while True:
        assert time.monotonic() < deadline
        assert all(alive() for alive in processes)
        if (run / "checkpoint.safetensors").exists():
            place = read_position(nin.load(run))
            if place is not None and place.batch:
                return
        time.sleep(0.01)


def test_killed_within_an_epoch_it_goes_on_to_the_bit(tmp_path):
    small_windows.noisy_shards(tmp_path)
    unbroken = forked(tmp_path, train, "unbroken")
    killed = forked(tmp_path, train, "killed")
    wait_for(tmp_path / "killed", [killed.is_alive])
    killed.kill()
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL
    assert read_position(nin.load(tmp_path / "killed")).batch
    resumed = forked(tmp_path, resume, "killed")
    for process in (unbroken, resumed):
        process.join(240)
        assert process.exitcode == 0
    assert_same_training(nin.load(tmp_path / "killed"), nin.load(tmp_path / "unbroken"))
