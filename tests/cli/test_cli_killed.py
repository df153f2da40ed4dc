"""`kill -9` at any moment, five times: the training ends as if nothing had happened."""

import json
import random
import signal
import time

import pytest
from forked import forked
from safetensors import safe_open
from same_training import assert_same_training
from tiny_network import shrink

import nin as d2l
from nin.cli.entry_point import run as run_command

#: Dropout, augmentation, a schedule, a short last batch: all that could go astray.
CHANGES = {
    "epochs": 5,
    "limit": 330,
    "batch_size": 16,
    "image_size": 12,
    "dropout": 0.3,
    "seed": 5,
}
KILLS = 5
GO_ON = ["train", "--resume", "killed", "--save-every", "0"]


def train(path):
    return d2l.train(d2l.RECIPES["digits"].revised(**CHANGES), path, save_every=0)


def begin(path):
    shrink()
    train(path)


def go_on():
    shrink()
    raise SystemExit(run_command(GO_ON))


def start(folder):
    """Begin the training, or go on with it, in a process of its own."""
    if (folder / "killed/run.json").exists():
        return forked(folder, go_on)
    return forked(folder, begin, "killed")


def place(run):
    """How far the checkpoint says that training has come; None before the first."""
    try:
        with safe_open(run / "checkpoint.safetensors", framework="numpy") as file:
            told = json.loads(file.metadata()["place"])
    except FileNotFoundError:
        return None
    return told["epoch"], told["batch"]


def kill_after(process, run, before, patience):
    """Let the training get on beyond `before`, and a random moment more; then kill it."""
    deadline = time.monotonic() + 120
    while place(run) == before and process.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(patience)
    process.kill()
    process.join(60)


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_killed_five_times_it_ends_bit_for_bit_where_an_unbroken_training_ends(tmp_path):
    moments = random.Random(0)
    run, places = tmp_path / "killed", [None]
    for kill in range(KILLS):
        process = start(tmp_path)
        kill_after(process, run, places[-1], moments.uniform(0, 0.25))
        assert process.exitcode == -signal.SIGKILL, f"it ended before kill {kill}"
        places.append(place(run))
    assert places[1:] == sorted(set(places[1:]))
    assert any(batch for _, batch in places[1:]), "never within an epoch"
    process = start(tmp_path)
    process.join(120)
    assert process.exitcode == 0
    killed, unbroken = d2l.load(run), train(tmp_path / "unbroken")
    assert_same_training(killed, unbroken)
    for key in ("recipe", "data", "model", "state"):
        assert killed.record[key] == unbroken.record[key], key
