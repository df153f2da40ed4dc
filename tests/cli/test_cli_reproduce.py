"""`nin reproduce`: the verdict in a line, and in the exit code."""

from __future__ import annotations

import pytest

from nin.study.results.reproduced_row import ReproducedRow

PUBLISHED = [0.90, 0.91, 0.92]


def row(accuracies, same_conditions=False, published=PUBLISHED):
    return ReproducedRow(
        net="lenet",
        published=published,
        accuracies=accuracies,
        same_predictions=None,
        same_conditions=same_conditions,
    )


@pytest.mark.parametrize(
    ("found", "code", "said"),
    [
        (row(PUBLISHED), 0, "lenet: 0.9100, published 0.9100: the same to the bit"),
        (row([0.9, 0.9, 0.92]), 0, "within [0."),
        (row([0.5, 0.5, 0.5]), 1, "outside [0."),
        (row([0.9, 0.9, 0.92], same_conditions=True), 1, "not the same, on the same processor"),
        (row([0.9], published=[0.91]), 1, "fewer than 3 seeds have no spread"),
    ],
)
def test_the_exit_code_says_whether_it_agrees(nin, monkeypatch, found, code, said):
    monkeypatch.setattr("nin.study.reproduction.reproduce", lambda *_, **__: [found])
    result = nin("reproduce", "record.json", "--row", "lenet")
    assert result.code == code
    assert said in result.out
    as_json = nin("reproduce", "record.json", "--json")
    assert as_json.json[0]["agrees"] is (code == 0)


def test_what_is_no_record_is_one_line(nin, tmp_path):
    (tmp_path / "record.json").write_text("{}")
    for name, said in (("nothing.json", "cannot be read"), ("record.json", "is not a record")):
        result = nin("reproduce", name)
        assert result.is_mistake(), result
        assert said in result.err
