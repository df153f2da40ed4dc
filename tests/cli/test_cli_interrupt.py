"""Ctrl-C, and going on afterwards."""

import json
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import tiny_network
from PIL import Image
from processes import started
from safetensors.numpy import load_file

import nin as d2l
from nin.training.runs.checkpoint import Checkpoint
from nin.training.runs.run_folder import locked

pytestmark = pytest.mark.slow

#: Long enough to be interrupted, short enough to be repeated.
RECIPE = "digits --epochs 10 --limit 60 --batch-size 20 --seed 3"


class Stopped:
    """`nin train` in a process of its own, stopped by Ctrl-C after an epoch's line.

    Ctrl-C is pressed again two epochs later: Python loses one that comes while it collects garbage.
    """

    def __init__(self, folder):
        self.said = []
        command = [sys.executable, tiny_network.__file__, "train", *RECIPE.split()]
        command += ["--out", "it's a run"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with started(command, cwd=folder, **pipes) as process:
            for line in process.stderr:
                self.said.append(line)
                if line.startswith(("epoch 2/", "epoch 4/", "epoch 6/", "epoch 8/")):
                    process.send_signal(signal.SIGINT)
            self.code = process.wait(60)
            self.out = process.stdout.read()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stopped")
    return Stopped(folder), folder / "it's a run"


@pytest.fixture
def run(stopped, tmp_path, tiny):  # noqa: ARG001
    return shutil.copytree(stopped[1], tmp_path / "run")


def state(path):
    return json.loads((path / "run.json").read_text())["state"]


def test_ctrl_c_says_how_to_go_on_and_nothing_else(stopped):
    process, _ = stopped
    assert (process.code, process.out) == (130, "")
    *before, last = process.said
    assert last == "nin: stopped; to continue: nin train --resume 'it'\"'\"'s a run'\n"
    assert all(line.startswith(("NiN: ", "epoch ")) for line in before)
    assert len(before) < 11


def test_what_ctrl_c_leaves_can_be_used(run):
    assert state(run) == "interrupted"
    assert not [path for path in run.iterdir() if path.name.endswith(".part")]
    with Image.open(run / "curves.png", formats=["PNG"]) as picture:
        picture.load()
    loaded = d2l.load(run)
    assert 1 <= len(loaded.metrics()) < 10
    probabilities = loaded.predict(np.zeros((2, 8, 8, 1), np.uint8))
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert loaded.evaluate().n == 359


def test_resumed_it_ends_exactly_where_an_unbroken_training_ends(run, nin, tmp_path):
    resumed = nin("train", "--resume", run, "--json")
    unbroken = nin("train", *RECIPE.split(), "--out", "unbroken", "--json")
    assert (resumed.code, unbroken.code) == (0, 0)
    assert state(run) == "finished"
    assert resumed.json["accuracy"] == unbroken.json["accuracy"]
    for name in ("weights", "checkpoint"):
        ours, theirs = (
            load_file(path / f"{name}.safetensors") for path in (run, tmp_path / "unbroken")
        )
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours), name
    rows, other = (d2l.load(path).metrics() for path in (run, tmp_path / "unbroken"))
    assert [row["epoch"] for row in rows] == [*range(1, 11)]
    assert [row["loss"] for row in rows] == [row["loss"] for row in other]
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)


def test_a_finished_run_goes_on_only_with_more_epochs(digits, nin):
    before = {path.name: path.read_bytes() for path in digits.iterdir()}
    for epochs in ([], ["--epochs", 1]):
        result = nin("train", "--resume", digits, *epochs)
        assert result.is_mistake()
        assert "has all its 1 epochs: to train longer, give more --epochs" in result.err
    assert {path.name: path.read_bytes() for path in digits.iterdir()} == before
    result = nin("train", "--resume", digits, "--epochs", 2)
    assert result.code == 0
    record = json.loads((digits / "run.json").read_text())
    assert (record["state"], record["recipe"]["epochs"]) == ("finished", 2)
    assert [row["epoch"] for row in d2l.load(digits).metrics()] == [1, 2]


@pytest.mark.usefixtures("tiny")
def test_stopped_before_the_first_epoch_has_ended_it_goes_on_too(nin, tmp_path, monkeypatch):
    def ctrl_c(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "on_epoch_end", ctrl_c)
        result = nin("train", *RECIPE.split(), "--out", "run")
    assert (result.code, result.out) == (130, "")
    assert result.err.splitlines()[-1] == "nin: stopped; to continue: nin train --resume run"
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "run.json",
        "checkpoint.safetensors",
    }
    assert state(tmp_path / "run") == "interrupted"
    assert d2l.load("run").metrics() == []
    assert nin("train", "--resume", "run").code == 0
    assert len(d2l.load("run").metrics()) == 10


def test_a_run_that_is_further_than_it_is_to_go(run, nin):
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    result = nin("train", "--resume", run, "--epochs", 1)
    assert result.is_mistake()
    assert "has more than 1 epochs already: give more --epochs" in result.err
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_a_training_that_died_is_not_continued(digits, nin):
    record = json.loads((digits / "run.json").read_text())
    (digits / "run.json").write_text(json.dumps({**record, "state": "died"}))
    result = nin("train", "--resume", digits, "--epochs", 2)
    assert result.is_mistake()
    assert "died: train again, with a lower --lr" in result.err


def test_two_processes_at_one_run(digits, nin):
    with locked(digits):
        result = nin("train", "--resume", digits, "--epochs", 2)
    assert result.is_mistake()
    assert "is in use: another process is training there" in result.err


def test_ctrl_c_before_there_is_a_run_leaves_none(nin, tmp_path, monkeypatch):
    def ctrl_c(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("nin.training.preflight.open_new", ctrl_c)
    assert nin("train", "digits") == (130, "", "nin: stopped\n")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("digits", "digits"),
        ("--data digits", "--data"),
        ("--preset book", "--preset"),
        ("--batch-size 3", "--batch-size"),
        ("--lr 0.1", "--lr"),
        ("--image-size 9", "--image-size"),
        ("--limit 3", "--limit"),
        ("--seed 0", "--seed"),
        ("--out new", "--out"),
        ("fashion --lr 1 --out x", "fashion, --out, --lr"),
    ],
)
def test_resume_goes_on_as_the_run_began(digits, nin, more, named):
    result = nin("train", "--resume", digits, *more.split())
    assert result.is_mistake()
    assert result.err.endswith(f"leave out {named}\n")


@pytest.mark.parametrize("epochs", ["0", "-1", "x", str(10**9)])
def test_resume_with_an_impossible_number_of_epochs(digits, nin, epochs):
    assert nin("train", "--resume", digits, "--epochs", epochs).is_mistake()


def test_what_is_no_run_cannot_be_resumed(nin, tmp_path, digits):
    (tmp_path / "empty").mkdir()
    for path in ("empty", "missing", "digits/run.json", "digits/weights.safetensors"):
        result = nin("train", "--resume", path)
        assert result.is_mistake()
        assert f"{path} is not a run directory: it has no run.json" in result.err
    (digits / "checkpoint.safetensors").unlink()
    assert (
        "has all its 1 epochs: to train longer, give more --epochs"
        in nin("train", "--resume", digits).err
    )


def test_the_networks_weights_are_no_checkpoint(digits, nin):
    shutil.copy(digits / "weights.safetensors", digits / "checkpoint.safetensors")
    result = nin("train", "--resume", digits, "--epochs", 2)
    assert result.is_mistake()
    assert "is not a checkpoint of a run" in result.err
