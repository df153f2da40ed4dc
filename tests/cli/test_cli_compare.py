"""`nin compare` and `nin ablate`: four files, and a comparison that survives everything."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

FILES = {"report.html", "compare.csv", "compare.json", "compare.md"}
SHORT = ("--data", "digits", "--limit", "200", "--epochs", "1", "--rates", "0.003", "--no-measure")
#: Six trainings of about two seconds each: one learning rate needs no search.
LINE = ("compare", "mnist", "lenet", *SHORT, "--seeds", "3")


@pytest.fixture(scope="module")
def compared(program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    done = subprocess.run([program, *LINE], cwd=folder, capture_output=True, text=True)
    return folder / "runs/compare", done


def test_a_comparison_leaves_four_files_and_prints_a_table(compared):
    folder, done = compared
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert {path.name for path in folder.iterdir()} == {*FILES, "trainings"}
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["mnist", "lenet"]
    assert lines[-1].startswith("written:")
    assert "349,674 parameters" in lines[0]
    told = [line for line in done.stderr.splitlines() if line.startswith(("1/6", "6/6"))]
    assert len(told) == 2


def test_the_files_agree(compared):
    folder, _ = compared
    values = json.loads((folder / "compare.json").read_text())
    assert [row["net"] for row in values["rows"]] == ["mnist", "lenet"]
    assert values["settings"]["image_size"] == [12, 12]
    assert values["command"].startswith("nin compare mnist lenet --data digits")
    with (folder / "compare.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["net"] for row in rows] == ["mnist", "lenet"]
    for name in ("compare.md", "report.html"):
        assert "lenet" in (folder / name).read_text(encoding="utf-8")


def test_once_more_trains_nothing(compared, nin, monkeypatch):
    folder, _ = compared
    before = {path: path.stat().st_mtime_ns for path in (folder / "trainings").iterdir()}
    monkeypatch.chdir(folder.parents[1])
    answer = nin(*LINE, "--json")
    assert answer.code == 0
    assert [row["n"] for row in answer.json["differences"]] == [3]
    assert {path: path.stat().st_mtime_ns for path in (folder / "trainings").iterdir()} == before


@pytest.mark.slow
def test_the_ingredients_of_a_recipe(nin, tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr("nin.cli.ablate.run_trials", lambda *each: asked.update(enumerate(each)))
    assert nin("ablate", "recipe", "--data", "digits", "--epochs", "2").code == 0
    networks, title, _, recipe, rates, judged_on = (asked[number] for number in range(6))
    assert (title, judged_on) == ("The ingredients of fashion28", "validation")
    assert (recipe.data, recipe.epochs, recipe.batch_size) == ("digits", 2, 128)
    assert rates == [recipe.learning_rate]
    assert networks[0].name == "the recipe"
    line = ("ablate", "recipe", "digits", "--preset", "lenet", "--out", str(tmp_path / "out"))
    assert nin(*line).code == 0
    assert asked[3].preset == "lenet"


def test_an_exercise_by_number(nin, tmp_path):
    answer = nin("ablate", "4", "--preset", "mnist", "--width", "0.05", *SHORT, "--seeds", "1")
    assert answer.code == 0
    heading, row, *_ = answer.out.splitlines()
    assert heading.startswith("4. what it takes")
    assert row.startswith("as printed")
    assert {path.name for path in (tmp_path / "runs/ablate").iterdir()} == {*FILES, "trainings"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("compare alexnit", "unknown network 'alexnit': did you mean 'alexnet'?"),
        ("compare lenet lenet", "lenet is named twice"),
        ("compare lenet --data mnits", "unknown data set"),
        ("compare nin --data digits --image-size 32", "the smallest that works is 67x67"),
        ("compare lenet --data digits --rates 0.1,fast", "--rates 0.1,fast: give numbers"),
        ("compare lenet --data digits --rates -1", "must be one or more numbers above 0"),
        ("compare lenet --data digits --seeds 0", "seeds must be 1 or more, not 0"),
        ("compare lenet --data digits --budget 0", "more than 0 seconds"),
        ("compare lenet --data digits --epochs 0", "--epochs 0: "),
        ("compare lenet --data digits --limit 0", "--limit 0: "),
        ("compare lenet --data digits --out file", "cannot write to file"),
        ("ablate heads --data digits", "unknown exercise 'heads'"),
        ("ablate --preset nobody", "unknown preset 'nobody'"),
        ("ablate recipe digits book", "recipe takes one name, not digits book"),
        ("ablate recipe dogits", "unknown recipe (and no folder is called that) 'dogits'"),
        ("ablate recipe --preset efficientnet-lite0", "choose another --preset"),
    ],
)
def test_a_mistake_is_one_line(nin, tmp_path, line, said):
    (tmp_path / "file").write_text("kept")
    answer = nin(*line.split())
    assert answer.is_mistake(), answer
    assert said in answer.err
    assert (tmp_path / "file").read_text() == "kept"


def test_a_folder_too_small_to_be_divided(nin, photos):
    for path in photos.rglob("*1*.png"):
        path.unlink()
    for path in list(photos.rglob("*.png"))[1:]:
        path.unlink()
    answer = nin("compare", "lenet", "--data", photos, "--no-measure")
    assert answer.is_mistake(), answer


def test_a_damaged_training_is_named(compared, nin, tmp_path):
    folder, _ = compared
    copy = tmp_path / "copy/trainings"
    copy.mkdir(parents=True)
    kept = sorted((folder / "trainings").iterdir())
    for path in kept:
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / kept[0].name).write_bytes(kept[0].read_bytes()[:40])
    answer = nin(*LINE, "--out", tmp_path / "copy")
    assert answer.is_mistake(), answer
    assert f"{copy / kept[0].name} is damaged" in answer.err
    assert len(list(copy.iterdir())) == len(kept)


def begin(program, folder, *more):
    """Start a comparison in a process of its own, and wait for two finished trainings."""
    process = subprocess.Popen(
        [program, *LINE, *more], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    trainings = folder / "runs/compare/trainings"
    until = time.monotonic() + 120
    while len(list(trainings.glob("*.json"))) < 2:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < until
        time.sleep(0.05)
    return process, trainings


def finish(nin, trainings):
    """Begin it again, in the same folder; what was finished must not be touched."""
    before = {path: path.stat().st_mtime_ns for path in trainings.glob("*.json")}
    assert 2 <= len(before) < 6
    answer = nin(*LINE)
    assert answer.code == 0, answer.err
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list(trainings.glob("*.json"))) == 6
    assert {path.name for path in trainings.parent.iterdir()} == {*FILES, "trainings"}


def children(process):
    """The processes that a process has started."""
    return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux lists children")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_killed_half_way_its_workers_end_and_it_finishes_without_repeating(
    program, nin, tmp_path, number
):
    process, trainings = begin(program, tmp_path, "--jobs", "2")
    workers = children(process)
    assert len(workers) >= 2
    process.send_signal(number)
    process.communicate()
    assert process.returncode == -number
    deadline = time.monotonic() + 60
    while any(map(is_running, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    if number == signal.SIGKILL:
        finish(nin, trainings)


@pytest.mark.slow
def test_ctrl_c_with_two_workers_says_how_to_go_on(program, nin, tmp_path):
    process, trainings = begin(program, tmp_path, "--jobs", "2")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 130, said
    last = said.splitlines()[-1]
    assert last.startswith("nin: stopped: ")
    assert last.endswith("trainings are kept; the same command continues from there")
    assert "Traceback" not in said
    finish(nin, trainings)
