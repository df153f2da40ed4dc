"""`nin compare` and `nin ablate`: four files, and a comparison that survives everything."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from study_report_cases import hostile
from tiny_network import MNIST

from nin.networks.presets import PRESETS

FILES = {"report.html", "compare.csv", "compare.json", "compare.md"}
SHORT = ("--data", "digits", "--limit", "200", "--epochs", "1", "--rates", "0.003", "--no-measure")
#: Trainings of about a second each: one learning rate needs no search.
TWICE = ("compare", "mnist", "lenet", *SHORT, "--seeds", "2")
#: More than two workers finish who are stopped twice, each time after the first that is done.
EIGHT = ("compare", "lenet", *SHORT, "--seeds", "8")


@pytest.fixture(scope="module", autouse=True)
def _small():
    """Leave `mnist` four of its nine convolutions, for all tests here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "mnist", MNIST)
        yield


@pytest.fixture(scope="module")
def compared(_small, command, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    return folder / "runs/compare", command(folder, *TWICE)


def test_a_comparison_leaves_four_files_and_prints_a_table(compared):
    folder, done = compared
    assert done.code == 0
    assert {path.name for path in folder.iterdir()} == {*FILES, "trainings"}
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["mnist", "lenet"]
    assert lines[-1].startswith("written:")
    assert "49,690 parameters" in lines[0]
    told = [line for line in done.err.splitlines() if line.startswith(("1/4", "4/4"))]
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
    result = nin(*TWICE, "--json")
    assert result.code == 0
    assert [row["n"] for row in result.json["differences"]] == [2]
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
    result = nin("ablate", "4", "--preset", "mnist", "--width", "0.05", *SHORT, "--seeds", "1")
    assert result.code == 0
    heading, row, *_ = result.out.splitlines()
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
        ("compare lenet --data digits --epochs 3 --budget 9", "--epochs and --budget: choose one"),
        ("ablate recipe --search-share 0.5", "--search-share: a single rate is not searched for"),
        ("compare lenet --data digits --limit 0", "--limit 0: "),
        ("compare lenet --data digits --out file", "cannot write to file"),
        ("ablate heads --data digits", "unknown exercise 'heads'"),
        ("ablate --preset nobody", "unknown preset 'nobody'"),
        ("ablate recipe digits book", "recipe takes one name, not digits book"),
        ("ablate recipe dogits", "unknown recipe, data set or folder 'dogits'"),
        ("ablate recipe --preset efficientnet-lite0", "choose another --preset"),
    ],
)
def test_a_mistake_is_one_line(nin, tmp_path, line, said):
    (tmp_path / "file").write_text("kept")
    result = nin(*line.split())
    assert result.is_mistake(), result
    assert said in result.err
    assert (tmp_path / "file").read_text() == "kept"


def test_a_folder_too_small_to_be_divided(nin, photos):
    for path in photos.rglob("*1*.png"):
        path.unlink()
    for path in list(photos.rglob("*.png"))[1:]:
        path.unlink()
    result = nin("compare", "lenet", "--data", photos, "--no-measure")
    assert result.is_mistake(), result


def test_a_damaged_training_is_named(compared, nin, tmp_path):
    folder, _ = compared
    copy = tmp_path / "copy/trainings"
    copy.mkdir(parents=True)
    kept = sorted((folder / "trainings").iterdir())
    for path in kept:
        (copy / path.name).write_bytes(path.read_bytes())
    (copy / kept[0].name).write_bytes(kept[0].read_bytes()[:40])
    result = nin(*TWICE, "--out", tmp_path / "copy")
    assert result.is_mistake(), result
    assert f"{copy / kept[0].name} is damaged" in result.err
    assert len(list(copy.iterdir())) == len(kept)


def begin(program, folder, trainings):
    """Start a comparison by two workers in a process of its own; wait for one more training."""
    before = len(times(trainings))
    process = subprocess.Popen(
        [program, *EIGHT, "--jobs", "2"], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 120
    while len(times(trainings)) == before:
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            pytest.fail(process.communicate(timeout=60)[1])
        time.sleep(0.02)
    return process


def times(trainings):
    """When each finished training was written."""
    return {path: path.stat().st_mtime_ns for path in trainings.glob("*.json")}


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
def test_ended_again_and_again_its_workers_end_and_it_finishes_without_repeating(
    program, nin, tmp_path
):
    trainings, done = tmp_path / "runs/compare/trainings", {}
    for number in (signal.SIGINT, signal.SIGKILL):
        process = begin(program, tmp_path, trainings)
        workers = children(process)
        assert len(workers) >= 2
        process.send_signal(number)
        said = process.communicate(timeout=120)[1]
        if number == signal.SIGINT:
            last = said.splitlines()[-1]
            assert last.startswith("nin: stopped: ")
            assert last.endswith("trainings are kept; run the same command again to continue")
            assert "Traceback" not in said
        assert process.returncode == (130 if number == signal.SIGINT else -number), said
        deadline = time.monotonic() + 60
        while any(map(is_running, workers)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert done.items() < times(trainings).items(), "a finished training was repeated"
        done = times(trainings)
    assert 2 <= len(done) < 8
    result = nin(*EIGHT)
    assert result.code == 0, result.err
    assert done.items() < times(trainings).items()
    assert len(times(trainings)) == 8
    assert {path.name for path in trainings.parent.iterdir()} == {*FILES, "trainings"}


def test_on_the_workers_of_a_cluster(tiny, nin, tmp_path):  # noqa: ARG001
    distributed = pytest.importorskip("distributed", reason="needs keras-nin[cluster]")
    line = ("compare", "mnist", *SHORT, "--seeds", "1")
    quiet = {"protocol": "tcp", "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(1, threads_per_worker=1, processes=False, **quiet) as started:
        result = nin(*line, "--scheduler", started.scheduler_address)
        assert started.scheduler.transition_counter > 0
    assert result.code == 0, result.err
    assert len([*(tmp_path / "runs/compare/trainings").iterdir()]) == 1
    result = nin(*line, "--scheduler", "tcp://here:1", "--jobs", "2")
    assert result.is_mistake()
    assert "--jobs and --scheduler: choose one" in result.err


def test_names_that_are_not_utf8_are_json_too(nin, monkeypatch):
    monkeypatch.setattr("nin.study.compare", lambda *_, **__: hostile())
    result = nin("compare", "lenet", *SHORT, "--json")
    assert result.code == 0, result
    assert result.json["title"] == hostile().title
