"""What an evaluation leaves in a folder, and whose files it never takes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from nin.errors import DataError, NinError
from nin.files import write_json
from nin.training.runs.evaluation import Evaluation, evaluate_logits, wilson
from nin.training.runs.evaluation_images import EvaluationImages
from nin.training.runs.evaluation_report import (
    RECORD,
    Subject,
    check_out,
    record,
    report_folder,
    subject,
    write_report,
)
from nin.training.runs.run import Run

CLASSES = ("ants", "bees, wild", "=wasps")
LOGITS = np.array([[4, 0, 0], [0, 3, 1], [0, 2, 1], [5, 0, 1], [0, 1, 2.0]])
LABELS = np.array([0, 1, 2, 2, 2])
NAMES = tuple(f"d/{number}.png" for number in range(5))
ABOUT = Subject("/runs/one", "/photos", "test")


@pytest.fixture
def evaluation():
    return evaluate_logits(LOGITS, LABELS, CLASSES)._replace(names=NAMES)


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path / "run", {})


def evaluated(source, part="test", is_other=True):
    return EvaluationImages(part, None, None, str(source), is_other)


def test_mistakes_are_told_worst_first(evaluation, tmp_path):
    assert evaluation.mistakes().tolist() == [3, 2]
    write_report(tmp_path / "new", ABOUT, evaluation)
    with (tmp_path / "new/mistakes.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    chances = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    assert [*first] == ["file", "truth", "prediction", "probability", "truth_probability"]
    assert (first["file"], first["truth"], first["prediction"]) == ("d/3.png", "=wasps", "ants")
    assert float(first["probability"]) == pytest.approx(chances[3, 0], abs=1e-6)
    assert float(first["truth_probability"]) == pytest.approx(chances[3, 2], abs=1e-6)
    assert (second["file"], second["prediction"]) == ("d/2.png", "bees, wild")


def test_the_record_and_the_pictures(evaluation, tmp_path):
    write_report(tmp_path, ABOUT, evaluation)
    kept = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert {name: kept.pop(name) for name in Subject._fields} == ABOUT._asdict()
    assert kept == json.loads(json.dumps(record(evaluation)))
    assert kept["calibration_error"] == evaluation.calibration_error > 0
    assert sum(each["n"] for each in kept["reliability"]) == 5
    wasps = kept["per_class"][2]
    assert (wasps["n"], wasps["recall"], wasps["precision"]) == (3, 1 / 3, 1.0)
    assert wasps["recall_interval"] == [*wilson(1, 3)]
    assert wasps["precision_interval"] == [*wilson(1, 1)]
    for name in ("confusion.png", "reliability.png"):
        with Image.open(tmp_path / name, formats=["PNG"]) as picture:
            assert min(picture.size) > 400


def test_a_class_that_is_never_predicted_has_no_precision():
    confusion = np.array([[1, 0], [2, 0]])
    rows = Evaluation(("a", "b"), 0.5, confusion).per_class()
    assert (rows[1]["precision"], rows[1]["precision_interval"]) == (None, None)
    assert rows[1]["recall"] == 0


def test_figures_alone_tell_of_no_image():
    bare = Evaluation(("a", "b"), 0.5, np.eye(2, dtype=int))
    assert bare.calibration_error is None
    with pytest.raises(DataError, match="no predictions for single images"):
        bare.mistakes()


def left(folder, about):
    """What of an evaluation tells whose the folder is."""
    write_json(folder / RECORD, about._asdict())


def test_each_evaluation_has_a_folder_and_keeps_it(run, tmp_path):
    own = subject(run, evaluated(tmp_path / "photos", is_other=False))
    others = [subject(run, evaluated(tmp_path / name)) for name in ("photos", "b/photos", "more")]
    places = []
    for about in (own, *others):
        places.append(report_folder(run, about))
        left(places[-1], about)
    assert [path.name for path in places] == [
        "photos-test",
        "photos-test-2",
        "photos-test-3",
        "more-test",
    ]
    for about, place in zip((own, *others), places, strict=True):
        assert report_folder(run, about) == place
    assert report_folder(run, own._replace(part="all")).name == "photos-all"
    assert report_folder(run, own._replace(data="/elsewhere/photos")) == places[0]
    moved = Run(run.path.rename(tmp_path / "moved"), run.record)
    assert report_folder(moved, own) == tmp_path / "moved/evaluations/photos-test"


def test_a_known_set_is_known_by_its_name(run):
    assert subject(run, evaluated("digits")).folder_name == "digits-test"
    assert subject(run, evaluated("/", "all")).folder_name == "data-all"
    assert len(subject(run, evaluated("犬" * 80, "all")).folder_name.encode()) < 255


def test_nothing_of_anybody_else_is_taken(tmp_path):
    left(tmp_path / "one", ABOUT)
    check_out(tmp_path / "one", ABOUT.identity)
    check_out(tmp_path / "one", {"run": ABOUT.run})
    check_out(tmp_path / "new", ABOUT.identity)
    for other in ({"run": "/runs/two"}, {"is_other": True}, {"part": "all"}):
        with pytest.raises(NinError, match="already exists, and is not of this run on"):
            check_out(tmp_path / "one", ABOUT._replace(**other).identity)
    for name in ("mistakes.png", "confusion.png", "evaluation.json"):
        folder = tmp_path / f"with {name[:-4]}"
        folder.mkdir()
        (folder / name).write_bytes(b"[]")
        with pytest.raises(NinError, match=f"{name} already exists"):
            check_out(folder, ABOUT.identity)
    (tmp_path / "new").mkdir()
    (tmp_path / "new/notes.txt").touch()
    check_out(tmp_path / "new", ABOUT.identity)


@pytest.mark.parametrize("name", ["place.png", "file"])
def test_a_file_is_no_folder(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(NinError, match=r"name a folder: evaluation\.json, mistakes\.csv"):
        check_out(tmp_path / name, ABOUT.identity)


def test_a_sheet_of_earlier_mistakes_goes(tmp_path):
    left(tmp_path, ABOUT)
    (tmp_path / "mistakes.png").touch()
    write_report(tmp_path, ABOUT, evaluate_logits(LOGITS, LOGITS.argmax(axis=1), CLASSES))
    assert not (tmp_path / "mistakes.png").exists()
    assert len((tmp_path / "mistakes.csv").read_text().splitlines()) == 1
