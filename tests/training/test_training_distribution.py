"""Several devices, and several real processes: the same training, one writer, a loss survived."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import small_windows
from safetensors import safe_open
from safetensors.numpy import load_file
from same_training import assert_same_training as assert_same_to_the_bit

import nin
from nin.backends import distribution
from nin.backends.distribution import Layout
from nin.data import Augmentation, Batches, ImageFolder, Pictures, Shard, reading_ahead
from nin.errors import BackendError
from nin.training.runs.checkpoint import read_position

#: An uneven last batch, dropout, augmentation, weights in the loss.
LINE = [
    *("digits", "--limit", "245", "--image-size", "12", "--width", "0.25", "--seed", "3"),
    *("--save-every", "0"),
    *("--crop", "0.7", "--rotation", "10", "--erasing", "0.2", "--balance", "weights"),
]
#: What data parallelism may change: the order in which numbers are added.
TOLERANCE = 1e-5
#: The command, with a network that JAX compiles sooner.
PROGRAM = (sys.executable, small_windows.__file__)


def free_port():
    with contextlib.closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Processes:
    """`nin train --join` so many times over, on loopback."""

    def __init__(self, folder, count, *arguments):
        address = f"127.0.0.1:{free_port()}"
        self.all = [
            subprocess.Popen(
                [*PROGRAM, *arguments, "--join"],
                cwd=folder,
                env={
                    **os.environ,
                    "KERAS_BACKEND": "jax",
                    "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
                    "KERAS_DISTRIBUTION_NUM_PROCESSES": str(count),
                    "KERAS_DISTRIBUTION_PROCESS_ID": str(number),
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for number in range(count)
        ]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.all:
            process.kill()
        for process in self.all:
            with contextlib.suppress(subprocess.TimeoutExpired):  # Its child has the pipes, too.
                process.communicate(timeout=30)

    def end(self):
        """Exit code, standard output and standard error of each."""
        deadline = time.monotonic() + 240
        return [
            (process.returncode, *said)
            for process in self.all
            for said in [process.communicate(timeout=max(1, deadline - time.monotonic()))]
        ]

    def lose(self, number, is_time):
        """Kill one when it is time; what the other printed, which says so."""
        deadline = time.monotonic() + 120
        while not is_time():
            assert time.monotonic() < deadline
            assert all(process.poll() is None for process in self.all)
            time.sleep(0.002)
        self.all[number].send_signal(signal.SIGKILL)
        code, out, err = self.end()[1 - number]
        assert (code, out) == (2, ""), err
        *before, last = err.splitlines()
        assert last.startswith("nin: another process was lost; to continue: nin train --resume ")
        return before


@pytest.mark.slow
def test_the_one_that_writes_is_killed_and_two_train_from_tar_shards_to_the_bit(tmp_path):
    small_windows.noisy_shards(tmp_path)
    line = ["train", "shards", "--stream", "--preset", "mnist", "--image-size", "12"]
    line += ["--epochs", "2", "--batch-size", "8", "--width", "0.1", "--save-every", "0"]
    with Processes(tmp_path, 2, *line, "--out", "killed") as two:
        assert two.lose(0, lambda: steps_done(tmp_path / "killed") % 7 >= 2) == []
    assert read_position(nin.load(tmp_path / "killed")).batch
    resume = ["train", "--resume", "killed", "--save-every", "0"]
    with (
        Processes(tmp_path, 2, *resume) as resumed,
        Processes(tmp_path, 2, *line, "--out", "whole") as whole,
    ):
        for code, _, err in (*resumed.end(), *whole.end()):
            assert code == 0, err
    assert_same_to_the_bit(nin.load(tmp_path / "killed"), nin.load(tmp_path / "whole"))


def alone(folder, *arguments, **variables):
    environment = {**os.environ, "KERAS_BACKEND": "jax", **variables}
    command = [*PROGRAM, "train", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


def assert_same_training(one, other):
    for name in ("weights", "checkpoint"):
        ours, theirs = (load_file(run.path / f"{name}.safetensors") for run in (one, other))
        assert ours.keys() == theirs.keys()
        for key in ours:
            np.testing.assert_allclose(ours[key], theirs[key], atol=TOLERANCE, err_msg=key)
    for ours, theirs in zip(one.metrics(), other.metrics(), strict=True):
        for key in ("val_loss", "val_accuracy"):
            assert ours[key] == pytest.approx(theirs[key], abs=TOLERANCE)
        # Keras weighs a batch that was filled up by its filled length, in this log alone.
        assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-3)
    accuracies = [run.record["result"]["accuracy"] for run in (one, other)]
    assert accuracies[0] == pytest.approx(accuracies[1], abs=1 / 359)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    alone(folder, *LINE, "--epochs", "2", "--out", "run")
    return nin.load(folder / "run")


@pytest.mark.slow
def test_two_devices_in_one_process_train_as_one_does(tmp_path, one):
    devices = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=2"
    line = [*LINE, "--epochs", "2", "--out", "run", "--devices", "2"]
    alone(tmp_path, *line, XLA_FLAGS=devices)
    assert_same_training(nin.load(tmp_path / "run"), one)


def steps_done(run):
    try:
        with safe_open(run / "checkpoint.safetensors", framework="numpy") as file:
            return int(file.get_tensor("optimizer.0"))
    except FileNotFoundError:
        return 0


@pytest.mark.slow
def test_one_is_lost_and_two_go_on_together_and_train_as_one_does_and_one_of_them_writes(
    tmp_path, one
):
    run = tmp_path / "run"
    line = ["train", *LINE, "--epochs", "2", "--out", "run"]
    with Processes(tmp_path, 2, *line) as two:
        before = two.lose(1, lambda: steps_done(run) >= 2)
    assert all(said.startswith(("NiN: ", "epoch ")) for said in before)
    assert nin.load(run).record["state"] == "interrupted"
    with Processes(tmp_path, 2, "train", "--resume", "run") as two:
        (code, out, err), (other_code, other_out, other_err) = two.end()
    assert (code, other_code) == (0, 0), (err, other_err)
    assert out.startswith("accuracy ")
    assert err.count("epoch 2/2") == 1
    assert (other_out, other_err) == ("", "")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert_same_training(nin.load(run), one)


@pytest.mark.slow
def test_processes_that_do_not_say_where_they_are(program, tmp_path):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SLURM")
    }
    command = [program, "train", "digits", "--join"]
    for variables, said in (
        ({"KERAS_BACKEND": "jax"}, "set KERAS_DISTRIBUTION_JOB_ADDRESSES"),
        (
            {"KERAS_BACKEND": "tensorflow"},
            "several devices need JAX, and the backend is tensorflow",
        ),
        (
            {"KERAS_BACKEND": "jax", "KERAS_DISTRIBUTION_NUM_PROCESSES": "two"},
            "must be a whole number, not 'two'",
        ),
    ):
        how = {"cwd": tmp_path, "env": {**environment, **variables}, "timeout": 120}
        done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    assert [*tmp_path.iterdir()] == []


@pytest.mark.every_backend
def test_devices_that_are_not_there_are_refused(tmp_path):
    if nin.backends.choose() == "jax":
        expected = "99 devices were requested, but JAX finds"
    else:
        expected = "several devices need JAX"
    with pytest.raises(BackendError, match=expected):
        nin.train(nin.RECIPES["digits"], tmp_path / "run", devices=99)
    assert not (tmp_path / "run").exists()
    assert distribution.layout() == Layout()


@pytest.mark.parametrize("samples", [48, 50, 53])
@pytest.mark.parametrize("batch_size", [16, 18])
def test_the_shares_of_a_batch_make_it_up_and_weights_keep_its_mean(samples, batch_size):
    images = np.arange(samples, dtype=np.float32)[:, None]
    whole = Batches(images, np.arange(samples), batch_size, shuffle=True, seed=1)
    shards = [Shard(whole, Layout(4, 2, process), training=True) for process in range(2)]
    validated = [Shard(whole, Layout(4, 2, process), training=False) for process in range(2)]
    total = count = 0.0
    for index in range(len(whole)):
        expected, _ = whole[index]
        values, weights = joined(shards, index)
        assert len(values) % 4 == 0
        np.testing.assert_array_equal(values[: len(expected)], expected)
        assert np.mean(values[:, 0] * weights) == pytest.approx(expected.mean(), rel=1e-6)
        values, weights = joined(validated, index)
        total, count = total + (values[:, 0] * weights).sum(), count + len(values)
    assert total / count == pytest.approx(images.mean(), rel=1e-6)


@pytest.mark.parametrize("augmentation", [None, Augmentation(flip=True), Augmentation(mixup=0.5)])
@pytest.mark.parametrize("batch_size", [8, 10])
def test_a_process_decodes_its_own_rows_alone(tmp_path, monkeypatch, augmentation, batch_size):
    shards = small_windows.noisy_shards(tmp_path)
    settings = {"image_size": 12, "augmentation": augmentation, "validation": 0, "test": 0}
    whole = ImageFolder(shards, batch_size, stream=False, **settings).train_dataloader()
    expected = Shard(whole, Layout(2, 1, 0), training=True)
    shares, seen = [], []
    decode = Pictures._decode

    def counted(self, name):
        seen.append(name)
        return decode(self, name)

    monkeypatch.setattr(Pictures, "_decode", counted)
    for process in range(2):
        streamed = ImageFolder(shards, batch_size, stream=True, **settings).train_dataloader()
        shares.append(Shard(streamed, Layout(2, 2, process), training=True))
    read = []
    for share in shares:
        seen.clear()
        with reading_ahead(share.batches):
            rows = [share[index] for index in range(len(share))]
        read.append((rows, list(seen)))
    for index in range(len(expected)):
        for number, array in enumerate(expected[index]):
            both = np.concatenate([rows[index][number] for rows, _ in read])
            np.testing.assert_array_equal(both, array)
    if augmentation is None or not augmentation.shares_labels:
        assert sorted(name for _, names in read for name in names) == sorted(whole_names(shares[0]))


def whole_names(share):
    return share.batches.images.files.paths


def joined(shards, index):
    parts = [share[index] for share in shards]
    values = np.concatenate([part[0] for part in parts])
    weights = [part[2] for part in parts if len(part) == 3]
    return values, np.concatenate(weights) if weights else np.ones(len(values))
