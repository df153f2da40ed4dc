"""Pictures predicted by a cluster, while workers and the command are killed."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
from brightness import network, picture
from forked import forked

from nin.cli.entry_point import run
from nin.errors import NinError
from nin.inference import FilePredictor
from nin.inference.batch import prediction_parts as parts_module
from nin.inference.batch.batch_job import batch_job, fingerprint
from nin.inference.batch.missing_parts import _result, predict_on_workers
from nin.inference.batch.prediction_parts import PredictionParts, prediction_parts

distributed = pytest.importorskip("distributed", reason="needs keras-nin[cluster]")

HOW = {"top": 1, "min_probability": 0.0}
PICTURES = 240


def dask(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def started(tmp_path):
    """The address of a scheduler, and its two workers: three processes."""
    file = tmp_path / "scheduler.json"
    here = ("--host", "127.0.0.1", "--port", 0, "--dashboard-address", "127.0.0.1:0")
    processes = []
    alone = ("--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", tmp_path)
    try:
        processes.append(dask("scheduler", *here, "--scheduler-file", file))
        processes += [dask("worker", "--scheduler-file", file, *alone) for _ in range(2)]
        until(file.exists)  # A client would wait for it for ever.
        with distributed.Client(scheduler_file=file, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            yield client.scheduler.address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait(30)


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def killed(arguments, worker):
    """The command; a worker is killed after three parts, and the command after six."""
    parts_module.PART = 8
    put = PredictionParts.put

    def counting(self, number, predictions):
        put(self, number, predictions)
        if len(self.missing()) == self.count - 3:
            os.kill(worker, signal.SIGKILL)
        if len(self.missing()) == self.count - 6:
            os.kill(os.getpid(), signal.SIGKILL)

    PredictionParts.put = counting
    raise SystemExit(run(arguments))


@pytest.mark.slow
def test_every_picture_once_whoever_is_killed(started, tmp_path, capfd, monkeypatch):
    address, (first, second) = started
    model = network(tmp_path / "model.onnx")
    names = [f"many/{number:03}.png" for number in range(PICTURES)]
    for number, name in enumerate(names):
        picture(tmp_path / name, 250 if number % 2 else 5)
    (tmp_path / names[100]).write_bytes(b"none")
    command = ["predict", str(model), "many", "--scheduler", address, "--out", "a.csv"]

    process = forked(tmp_path, killed, command, first.pid)
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert first.wait(10) == -signal.SIGKILL
    assert not (tmp_path / "a.csv").exists()

    monkeypatch.chdir(tmp_path)
    assert run(command) == 1
    said = capfd.readouterr()
    assert said.err.startswith("continuing: 48 of 240 images predicted\n")
    assert f"1 of 240 images cannot be read: {names[100]}" in said.err
    assert said.out == "predictions for 239 images: a.csv\n"
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == names
    labels = ["light" if number % 2 else "dark" for number in range(PICTURES)]
    labels[100] = ""
    assert [row["label"] for row in rows] == labels
    assert not (tmp_path / "a.csv.parts").exists()

    with distributed.Client(address) as client:
        (loaded,) = client.run(lambda: [*sys.modules]).values()
    assert "onnxruntime" in loaded
    assert not {"keras", "tensorflow", "jax", "torch"} & {*loaded}
    assert second.poll() is None


@pytest.fixture
def network_and_files(tmp_path, monkeypatch):
    """A network and three parts of a picture each, in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parts_module, "PART", 1)
    files = [str(picture(tmp_path / f"{number}.png", 250)) for number in range(3)]
    return network(tmp_path / "model.onnx"), files


@pytest.fixture
def client():
    """Of a cluster in this process."""
    quiet = {"protocol": "tcp", "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, **quiet) as c,
        distributed.Client(c) as client,
    ):
        yield client


def on_workers(client, network_and_files, job=None, advance=lambda _: None):
    model, files = network_and_files
    job = job or batch_job(model, files, **HOW)
    key = fingerprint(model, files, **HOW)
    with prediction_parts(model.with_name("a.csv"), files, key) as parts:
        predict_on_workers(parts, client, job, advance)
        return [*parts.predictions()]


def test_workers_predict_as_this_process_does(client, network_and_files):
    model, files = network_and_files
    done = []
    assert on_workers(client, network_and_files, advance=done.append) == [
        *FilePredictor(model).predict_files(files)
    ]
    assert done == [1, 1, 1]


def test_a_worker_that_finds_nothing_is_a_mistake(client, network_and_files):
    model, files = network_and_files
    job = batch_job(model, files, **HOW)._replace(sample="gone.png")
    with pytest.raises(NinError, match=r"gone\.png cannot be read on a worker"):
        on_workers(client, network_and_files, job)
    assert not model.with_name("a.csv.parts").exists()


def test_a_worker_without_this_package_is_a_mistake(client, network_and_files, monkeypatch):
    monkeypatch.setattr(
        "nin.inference.batch.missing_parts.predict_part", partial(__import__, "no_such_module")
    )
    with pytest.raises(NinError, match="a worker cannot predict"):
        on_workers(client, network_and_files)


def test_a_scheduler_that_goes_away_is_a_mistake(client, network_and_files):
    def gone(_):
        client.cluster.close()

    with pytest.raises(NinError, match="run the same command again to continue"):
        on_workers(client, network_and_files, advance=gone)
    assert network_and_files[0].with_name("a.csv.parts").exists()


def test_a_note_where_there_is_no_worker(client, network_and_files, monkeypatch, capsys):
    monkeypatch.setattr("nin.inference.batch.missing_parts._SILENCE", 0.2)
    client.cluster.scale(0)
    until(lambda: not client.nthreads())
    threading.Timer(1.0, client.cluster.scale, [1]).start()
    assert len(on_workers(client, network_and_files)) == 3
    assert "waiting for a worker; dask worker tcp://127.0.0.1:" in capsys.readouterr().err


def test_a_part_that_ends_every_worker_is_named():
    class Lost:
        def result(self):
            raise distributed.KilledWorker("part", None, 3)

    with pytest.raises(NinError, match=r"4 workers in turn were lost at images a\.png to b\.png"):
        _result(Lost(), ["a.png", "b.png"])
