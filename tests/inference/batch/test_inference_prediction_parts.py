"""Parts of a file of predictions: whole or absent, of one fingerprint, one process at a time."""

from __future__ import annotations

import re

import pytest

from nin.errors import DataError, NinError
from nin.inference.batch import prediction_parts as module
from nin.inference.batch.prediction_parts import prediction_parts

FINGERPRINT = {"network": "a", "pictures": "b", "options": {"top": 1}}
FILES = ["1.png", "2.png", "3.png", "4.png", "5.png"]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(module, "PART", 2)


def rows(names):
    return [{"file": name, "label": "sky"} for name in names]


def put(parts, *numbers):
    for number in numbers:
        parts.put(number, rows(parts.names(number)))


def test_what_is_missing_is_added(tmp_path):
    out = tmp_path / "new/a.csv"
    with prediction_parts(out, FILES, FINGERPRINT) as parts:
        assert (parts.missing(), parts.predicted) == ([0, 1, 2], 0)
        put(parts, 2, 0)
    with prediction_parts(out, FILES, FINGERPRINT) as parts:
        assert (parts.missing(), parts.predicted) == ([1], 3)
        put(parts, 1)
        assert [*parts.predictions()] == rows(FILES)
        parts.remove()
    assert [*out.parent.iterdir()] == []


def test_nothing_is_left_where_nothing_was_predicted(tmp_path):
    with pytest.raises(ZeroDivisionError), prediction_parts(tmp_path / "a.csv", FILES, FINGERPRINT):
        raise ZeroDivisionError
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [("network", "of another"), ("pictures", "for other"), ("options", "with other")],
)
def test_parts_with_another_fingerprint_are_left_alone(tmp_path, name, said):
    out = tmp_path / "a.csv"
    with prediction_parts(out, FILES, FINGERPRINT) as parts:
        put(parts, 0)
    with (
        pytest.raises(DataError, match=rf"a\.csv\.parts holds predictions {said}"),
        prediction_parts(out, FILES, {**FINGERPRINT, name: "other"}),
    ):
        pytest.fail("it was opened")
    assert len([*(tmp_path / "a.csv.parts").iterdir()]) == 2


def test_the_size_is_that_of_the_beginning(tmp_path, monkeypatch):
    with prediction_parts(tmp_path / "a.csv", FILES, FINGERPRINT) as parts:
        put(parts, 0)
    monkeypatch.setattr(module, "PART", 4)
    with prediction_parts(tmp_path / "a.csv", FILES, FINGERPRINT) as parts:
        assert parts.missing() == [1, 2]


@pytest.mark.parametrize("content", ["", '{"file": "1.png"}\n', '{"file": "1.png"}\n' * 2, "{\n"])
def test_a_damaged_part_is_a_mistake(tmp_path, content):
    with prediction_parts(tmp_path / "a.csv", FILES, FINGERPRINT) as parts:
        put(parts, 0, 1, 2)
        (tmp_path / "a.csv.parts/00000000.jsonl").write_text(content)
        with pytest.raises(DataError, match=r"00000000\.jsonl is damaged: delete it"):
            [*parts.predictions()]


@pytest.mark.parametrize("content", [None, "{", "[]", '{"size": 0}', '{"size": "2"}'])
def test_parts_without_a_fingerprint(tmp_path, content):
    with prediction_parts(tmp_path / "a.csv", FILES, FINGERPRINT) as parts:
        put(parts, 0)
    fingerprint = tmp_path / "a.csv.parts/fingerprint.json"
    fingerprint.unlink()
    if content is not None:
        fingerprint.write_text(content)
    with (
        pytest.raises(DataError, match=f"is damaged: delete {re.escape(str(fingerprint.parent))}"),
        prediction_parts(tmp_path / "a.csv", FILES, FINGERPRINT),
    ):
        pytest.fail("it was opened")


def test_one_at_a_time(tmp_path):
    with (
        prediction_parts(tmp_path / "a.csv", FILES, FINGERPRINT),
        pytest.raises(NinError, match="another process is writing there"),
        prediction_parts(tmp_path / "a.csv", FILES, FINGERPRINT),
    ):
        pytest.fail("it was opened twice")


def test_what_is_there_is_not_replaced(tmp_path):
    out = tmp_path / "a.csv"
    out.write_text("mine")
    with pytest.raises(NinError, match="it exists"), prediction_parts(out, FILES, FINGERPRINT):
        pytest.fail("it was opened")
    assert [*tmp_path.iterdir()] == [out]
    assert out.read_text() == "mine"
    out.write_text("")
    with prediction_parts(out, FILES, FINGERPRINT) as parts:
        assert parts.missing() == [0, 1, 2]


def test_what_came_meanwhile_is_not_replaced(tmp_path):
    out = tmp_path / "a.csv"
    with prediction_parts(out, FILES, FINGERPRINT) as parts:
        put(parts, 0)
    out.write_text("mine")
    with pytest.raises(NinError, match="it exists"), prediction_parts(out, FILES, FINGERPRINT):
        pytest.fail("it was opened")
    assert out.read_text() == "mine"
    assert (tmp_path / "a.csv.parts/00000000.jsonl").exists()


def test_parts_that_are_being_deleted_are_gone_at_once(tmp_path, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    with prediction_parts(tmp_path / "a.csv", FILES, FINGERPRINT) as parts:
        put(parts, 0)
        monkeypatch.setattr(module.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            parts.remove()
        assert not (tmp_path / "a.csv.parts").exists()
        monkeypatch.undo()


def test_a_long_name_is_no_obstacle(tmp_path):
    with prediction_parts(tmp_path / f"{'x' * 236}.csv", FILES, FINGERPRINT) as parts:
        put(parts, 0)
        parts.remove()
    assert not [*tmp_path.iterdir()]
