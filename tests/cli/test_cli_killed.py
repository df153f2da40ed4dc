"""`kill -9` at any moment, ten times: the training ends as if nothing had happened."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest
from safetensors import safe_open
from same_training import assert_same_training

import nin as d2l

#: Dropout, augmentation, a schedule, a short last batch: all that could go astray.
BEGIN = """
import sys, nin
recipe = nin.RECIPES["digits"].revised(
    epochs=6, limit=330, batch_size=16, image_size=12, dropout=0.3, seed=5
)
nin.train(recipe, sys.argv[1], save_every=0)
"""
KILLS = 10


def start(program, folder, name):
    """Begin the training `name`, or go on with it."""
    if (folder / name / "run.json").exists():
        command = [program, "train", "--resume", name, "--save-every", "0"]
    else:
        command = [sys.executable, "-c", BEGIN, name]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


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
    while place(run) == before and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(patience)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    process.stderr.close()


@pytest.mark.slow
def test_killed_ten_times_it_ends_bit_for_bit_where_an_unbroken_training_ends(program, tmp_path):
    moments = random.Random(0)
    run, places = tmp_path / "killed", [None]
    for kill in range(KILLS):
        process = start(program, tmp_path, "killed")
        kill_after(process, run, places[-1], moments.uniform(0, 0.25))
        assert process.returncode == -signal.SIGKILL, f"it ended before kill {kill}"
        places.append(place(run))
    assert places[1:] == sorted(set(places[1:]))
    assert any(batch for _, batch in places[1:]), "never within an epoch"
    for name in ("killed", "unbroken"):
        with start(program, tmp_path, name) as process:
            said = process.stderr.read()
        assert process.returncode == 0, said
    killed, unbroken = (d2l.load(tmp_path / name) for name in ("killed", "unbroken"))
    assert_same_training(killed, unbroken)
    for key in ("recipe", "data", "model", "state"):
        assert killed.record[key] == unbroken.record[key], key
