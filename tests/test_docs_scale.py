"""docs/scale.md: its commands print what stands below them, on a network that needs no training."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from brightness import network, picture
from PIL import Image
from shards import as_tar_shards

from nin.cli.entry_point import run
from nin.inference.batch.prediction_parts import PredictionParts

PAGE = (Path(__file__).parents[1] / "docs/scale.md").read_text(encoding="utf-8")
#: Commands with what is printed below each.
COMMANDS = re.findall(r"(?m)^\$ (nin predict .*)\n((?:(?!\$|```).*\n)*)", PAGE)
PICTURES = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scale")
    network(folder / "model.onnx")
    for number in range(PICTURES):
        picture(folder / f"photos/{number:03}.png", number % 256)
    return folder


@pytest.fixture
def printed(folder, monkeypatch, capfd):
    """What a command prints, on both channels."""
    monkeypatch.chdir(folder)

    def call(command):
        run(shlex.split(command)[1:])
        said = capfd.readouterr()
        return said.err + said.out

    return call


def stop_after(monkeypatch, parts):
    put = PredictionParts.put

    def putting(self, number, predictions):
        if number == parts:
            raise KeyboardInterrupt
        put(self, number, predictions)

    monkeypatch.setattr(PredictionParts, "put", putting)


def test_a_file_that_is_stopped_and_continued(printed, monkeypatch):
    first, again, refused, *_ = COMMANDS
    assert printed(first[0]) == first[1]
    Path("predictions.csv").unlink()
    with monkeypatch.context() as patched:
        stop_after(patched, 2)
        assert "512 of 600" in printed(first[0])
    assert printed(again[0]) == again[1]
    assert printed(refused[0]) == refused[1]


@pytest.mark.slow
def test_processes_and_machines(printed):
    distributed = pytest.importorskip("distributed", reason="needs keras-nin[cluster]")
    pytest.importorskip("pyarrow", reason="needs keras-nin[parquet]")
    *_, workers, machines = COMMANDS
    assert printed(workers[0]) == workers[1]
    Path("predictions.csv").unlink(missing_ok=True)
    quiet = {"protocol": "tcp", "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(1, threads_per_worker=1, processes=False, **quiet) as started:
        command = machines[0].replace("tcp://10.0.0.5:8786", started.scheduler_address)
        assert command != machines[0]
        assert printed(command) == machines[1]


def test_shards_are_looked_at(printed, folder):
    noise = np.random.default_rng(0)
    for part, count in (("train", 60), ("val", 15)):
        for name in ("cat", "dog"):
            (folder / "files" / part / name).mkdir(parents=True)
            for number in range(count):
                pixels = noise.integers(0, 256, (32, 32, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"files/{part}/{name}/{number:03}.png")
        as_tar_shards(folder / "files" / part, folder / "shards", 2, name=part + "-{:03}.tar")
    [(command, said)] = re.findall(r"(?m)^\$ (nin data .*)\n((?:(?!\$|```).*\n)*)", PAGE)
    assert printed(command) == said


def test_the_line_of_a_log_is_one_of_ours():
    assert len(COMMANDS) == 5
    line = r"images: [\d,]+ of [\d,]+, [\d,]+/s, \d+ min left"
    assert re.search(rf"(?m)^{line}$", PAGE)
