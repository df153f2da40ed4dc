"""Speed and memory of a network: measured once, in a process of its own."""

from __future__ import annotations

import json
import subprocess

import pytest
from rich.console import Console

from nin.errors import NinError, RunError
from nin.study import Contender
from nin.study.comparison import RECIPE
from nin.study.trials import measurement
from nin.study.trials.measurement import Workload, _key, measure_once, peak_memory, start_peak

DIGITS = RECIPE.revised(
    data="digits", epochs=2, limit=200, learning_rate=0.003, precision="float32"
)
TINY = Contender("tiny", "NiN", {"preset": "mnist", "width": 0.05})


@pytest.mark.slow
def test_measured_once_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(measurement, "LEAST_SECONDS", 0.1)
    console, workload = Console(quiet=True), Workload(TINY, DIGITS, (8, 8, 1), 10)
    first = measure_once(tmp_path, workload, console)
    assert first.batch_size == 64
    assert min(first.prediction.images_per_second, first.training.images_per_second) > 0
    assert first.training.peak_bytes > 0
    assert measure_once(tmp_path, workload, console) == first
    (kept,) = tmp_path.iterdir()
    content = json.loads(kept.read_text())
    for change, said in (
        ({"measured": {**content["measured"], "batch_size": 1}}, "was changed after"),
        ({"measured": {**content["measured"], "batch_size": 1}, "sha256": None}, "a batch of 1"),
    ):
        kept.write_text(json.dumps({**content, **change}))
        with pytest.raises(RunError, match=said):
            measure_once(tmp_path, workload, console)


def test_a_network_that_cannot_be_measured_is_named(tmp_path, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "Traceback\nKeyError: 'NoNet'\n")
    monkeypatch.setattr(measurement.subprocess, "run", lambda *_, **__: failed)
    nobody = Contender("nobody", "NoNet", {})
    with pytest.raises(NinError, match=r"^nobody could not be measured in training \(KeyError"):
        measure_once(tmp_path, Workload(nobody, DIGITS, (8, 8, 1), 10), Console(quiet=True))
    assert not list(tmp_path.iterdir())


def test_a_peak_is_counted_from_what_is_held_before():
    before = start_peak()
    held = bytearray(b"x" * 50_000_000)
    del held
    assert 40_000_000 < peak_memory() - before < 200_000_000


@pytest.mark.parametrize(
    "change", [{"ema_momentum": 0.9}, {"weight_decay": 0.2}, {"momentum": 0.5}, {"width": 1}]
)
def test_what_takes_another_time_is_measured_apart(change):
    arguments = (DIGITS.revised(**change) if "width" not in change else DIGITS, (8, 8, 1), 10)
    other = TINY._replace(arguments={"preset": "mnist", "width": change.get("width", 0.05)})
    assert _key(Workload(other, *arguments)) != _key(Workload(TINY, DIGITS, (8, 8, 1), 10))
