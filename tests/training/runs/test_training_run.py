"""Run directories: made, numbered, opened, changed."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nin as d2l
from nin.errors import DataError, NinError, RunError
from nin.training.runs.provenance import command
from nin.training.runs.run import Run, load
from nin.training.runs.run_folder import new_run

ROW = {"epoch": 1, "loss": 0.5, "seconds": 1.25}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_runs_are_numbered_and_gaps_are_not_overwritten(here):
    assert [str(new_run("a")) for _ in range(3)] == ["runs/a-1", "runs/a-2", "runs/a-3"]
    assert str(new_run("b")) == "runs/b-1"
    (here / "runs/a-2").rmdir()
    (here / "runs/a-4").write_text("a file")
    assert [str(new_run("a")) for _ in range(2)] == ["runs/a-2", "runs/a-5"]


@pytest.mark.usefixtures("here")
def test_a_given_directory_is_made_with_those_above_it_and_must_be_empty():
    assert new_run("a", "x/y/z").is_dir()
    assert str(new_run("a", "x/y/z")) == "x/y/z"
    with pytest.raises(RunError, match=r"^x/y is not empty: .*resume=x/y$"):
        new_run("a", "x/y")


def test_a_directory_that_cannot_be_made_is_one_line(here):
    (here / "file").write_text("")
    for name, out in (("a", "file"), ("a", "file/below"), ("a", "x" * 300), ("x" * 300, None)):
        with pytest.raises(RunError, match=r"^cannot make the run directory .*: .*$"):
            new_run(name, out)


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")])
def test_a_file_called_runs_is_one_line(here, make):
    make(here / "runs")
    with pytest.raises(RunError, match=r"^cannot make the run directory runs: File exists$"):
        new_run("a")


def test_load_gives_what_train_returned(small_run):
    opened = load(str(small_run.path))
    assert opened.record == small_run.record
    assert repr(opened) == f"<Run {small_run.path} (finished)>"
    assert opened.classes == tuple("0123456789")
    assert opened.input_shape == (8, 8, 1)
    assert opened.metrics() == small_run.metrics()
    images = d2l.Digits().test.images[:5]
    assert np.array_equal(opened.predict(images), small_run.predict(images))
    assert np.allclose(opened.predict(images / np.float32(255)), opened.predict(images), atol=1e-5)
    assert opened.predict(images).shape == (5, 10)


def test_a_run_refuses_what_is_no_image_and_resizes_as_a_predictor(small_run):
    images = d2l.Digits().test.images[:3]
    for wrong in (images.astype(np.int64), images.astype(np.float32), images[0], images * np.nan):
        with pytest.raises(DataError, match=r"^images (must be uint8|of floats must be)"):
            small_run.predict(wrong)
    larger = images.repeat(3, axis=1).repeat(3, axis=2)
    for other in (larger, larger.repeat(3, axis=3)):
        expected = d2l.Predictor(small_run).predict(other).probabilities
        np.testing.assert_allclose(small_run.predict(other), expected, atol=1e-6)
    with pytest.raises(DataError, match=r"must be of shape \(n, 8, 8, 1\), not \(3, 24, 24, 1\)"):
        small_run.predict(larger / 255)


def test_evaluate_on_other_images(small_run, tmp_path):
    for number, image in enumerate(d2l.Digits().test.images[:6]):
        path = tmp_path / "few" / str(number % 2 + 3) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
    evaluation = small_run.evaluate(str(tmp_path / "few"))
    assert (evaluation.part, evaluation.n, evaluation.classes) == ("all", 6, small_run.classes)
    assert evaluation.confusion.sum(axis=1).tolist() == [0, 0, 0, 3, 3, 0, 0, 0, 0, 0]
    evaluation = small_run.evaluate("digits")
    assert (evaluation.part, evaluation.n) == ("test", 359)
    assert evaluation.accuracy == small_run.record["result"]["accuracy"]
    with pytest.raises(NinError, match="no such folder"):
        small_run.evaluate("no/such")


def test_metrics_come_back_and_what_is_not_finite_is_null(tmp_path):
    run = Run(tmp_path, {})
    assert run.metrics() == []
    run.write_metrics([ROW, {**ROW, "epoch": 2, "loss": math.nan, "val_loss": math.inf}])
    assert run.metrics() == [ROW, {**ROW, "epoch": 2, "loss": None, "val_loss": None}]
    assert (tmp_path / "metrics.jsonl").read_text().count("\n") == 2
    run.write_metrics(run.metrics())
    assert run.metrics()[1]["loss"] is None
    run.write_metrics([])
    assert run.metrics() == []


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"epoch": 1',
        b"\xff\xfe",
        b"[]",
        b"1",
        b"null",
        b"{}",
        b'{"epoch": 1}',
        b'{"epoch": "1", "seconds": 1}',
        b'{"epoch": 1, "seconds": "x"}',
        b'{"epoch": 1, "seconds": 1, "loss": "x"}',
        b'{"epoch": 1, "seconds": 1, "loss": [1]}',
        b'{"epoch": 1, "seconds": NaN}',
        b"[" * 100_000,
        b"\n\n",
        b"1" * 5000,
    ],
)
def test_damaged_metrics_are_one_line(tmp_path, content):
    (tmp_path / "metrics.jsonl").write_bytes(content)
    with pytest.raises(RunError, match=r"metrics\.jsonl (is damaged|cannot be read): ") as caught:
        Run(tmp_path, {}).metrics()
    assert len(str(caught.value)) < 500


def test_a_record_is_changed_on_disk_as_in_memory(tmp_path):
    run = Run(tmp_path, {})
    run.update(state="training", classes=["é"])
    run.update(state="finished")
    assert run.record == {"state": "finished", "classes": ["é"]}
    assert json.loads((tmp_path / "run.json").read_text()) == run.record


def test_a_record_that_cannot_be_written_leaves_the_old_one(tmp_path):
    run = Run(tmp_path, {})
    run.update(state="training")
    with pytest.raises(ValueError, match="not JSON compliant"):
        run.update(loss=math.nan)
    assert json.loads((tmp_path / "run.json").read_text()) == {"state": "training"}
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_classes_of_older_runs_are_named_in_one_unicode_form():
    assert Run(Path(), {"classes": ["cafe\u0301", "tea"]}).classes == ("caf\u00e9", "tea")


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert new_run("a", "~/runs/one") == tmp_path / "home/runs/one"
    assert not Path("~").exists()


@pytest.mark.parametrize("program", ["", "-c"])
def test_what_was_typed_into_python_is_no_command(program, monkeypatch):
    monkeypatch.setattr(sys, "argv", [program])
    assert command() == "python"


def test_a_script_that_changed_directory_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["study.py", "--fast"])
    monkeypatch.chdir(tmp_path)
    assert command().endswith("/study.py --fast")
