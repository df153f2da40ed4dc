"""Parts of an answer file: whole or absent, of one question, and one process at a time."""

from __future__ import annotations

import re

import pytest

from nin.errors import DataError, NinError
from nin.inference.batch import answer_parts as module
from nin.inference.batch.answer_parts import answer_parts

ASKED = {"network": "a", "pictures": "b", "options": {"top": 1}}
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
    with answer_parts(out, FILES, ASKED) as parts:
        assert (parts.missing(), parts.answered) == ([0, 1, 2], 0)
        put(parts, 2, 0)
    with answer_parts(out, FILES, ASKED) as parts:
        assert (parts.missing(), parts.answered) == ([1], 3)
        put(parts, 1)
        assert [*parts.answers()] == rows(FILES)
        parts.remove()
    assert [*out.parent.iterdir()] == []


def test_nothing_is_left_where_nothing_was_answered(tmp_path):
    with pytest.raises(ZeroDivisionError), answer_parts(tmp_path / "a.csv", FILES, ASKED):
        raise ZeroDivisionError
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [("network", "of another"), ("pictures", "for other"), ("options", "with other")],
)
def test_parts_of_another_question_are_left_alone(tmp_path, name, said):
    out = tmp_path / "a.csv"
    with answer_parts(out, FILES, ASKED) as parts:
        put(parts, 0)
    with (
        pytest.raises(DataError, match=rf"a\.csv\.parts holds answers {said}"),
        answer_parts(out, FILES, {**ASKED, name: "other"}),
    ):
        pytest.fail("it was opened")
    assert len([*(tmp_path / "a.csv.parts").iterdir()]) == 2


def test_the_size_is_that_of_the_beginning(tmp_path, monkeypatch):
    with answer_parts(tmp_path / "a.csv", FILES, ASKED) as parts:
        put(parts, 0)
    monkeypatch.setattr(module, "PART", 4)
    with answer_parts(tmp_path / "a.csv", FILES, ASKED) as parts:
        assert parts.missing() == [1, 2]


@pytest.mark.parametrize("content", ["", '{"file": "1.png"}\n', '{"file": "1.png"}\n' * 2, "{\n"])
def test_a_damaged_part_is_told(tmp_path, content):
    with answer_parts(tmp_path / "a.csv", FILES, ASKED) as parts:
        put(parts, 0, 1, 2)
        (tmp_path / "a.csv.parts/00000000.jsonl").write_text(content)
        with pytest.raises(DataError, match=r"00000000\.jsonl is damaged: delete it"):
            [*parts.answers()]


@pytest.mark.parametrize("content", [None, "{", "[]", '{"size": 0}'])
def test_parts_that_nobody_asked_for(tmp_path, content):
    with answer_parts(tmp_path / "a.csv", FILES, ASKED) as parts:
        put(parts, 0)
    question = tmp_path / "a.csv.parts/question.json"
    question.unlink()
    if content is not None:
        question.write_text(content)
    with (
        pytest.raises(DataError, match=f"is damaged: delete {re.escape(str(question.parent))}"),
        answer_parts(tmp_path / "a.csv", FILES, ASKED),
    ):
        pytest.fail("it was opened")


def test_one_at_a_time(tmp_path):
    with (
        answer_parts(tmp_path / "a.csv", FILES, ASKED),
        pytest.raises(NinError, match="another process is writing there"),
        answer_parts(tmp_path / "a.csv", FILES, ASKED),
    ):
        pytest.fail("it was opened twice")


def test_what_is_there_is_not_replaced(tmp_path):
    out = tmp_path / "a.csv"
    out.write_text("mine")
    with pytest.raises(NinError, match="it exists"), answer_parts(out, FILES, ASKED):
        pytest.fail("it was opened")
    assert [*tmp_path.iterdir()] == [out]
    assert out.read_text() == "mine"
    out.write_text("")
    with answer_parts(out, FILES, ASKED) as parts:
        assert parts.missing() == [0, 1, 2]
