"""A comparison as a value: read again, as columns, as tables for a paper and a notebook."""

import json
from pathlib import Path

import pytest
from study_report_cases import comparison, difference, hostile, row

from nin.study.results.result import Comparison

RECORDS = Path(__file__).parents[3] / "results"


def old(**changed):
    """A comparison as version 0.1.0 wrote it, of two seeds or as many as are given."""
    seeds = changed.pop("seeds", ([0.9, 0.91], [0.8, 0.89]))
    made = comparison([row(net, each) for net, each in zip("ab", seeds, strict=True)])
    content = made.model_dump(mode="json")
    for each in content["rows"]:
        del each["correct"]
    gap = {"net": "a", "rival": "b", "n": len(seeds[0]), "mean": 0.06, "parameter_ratio": 1.0}
    content["differences"] = [{**gap, "low": -2.446, "high": 3.535, **changed}]
    return Comparison.model_validate_json(json.dumps(content))


def test_an_absurd_interval_of_an_old_file_is_not_repeated():
    (found,) = old().differences
    assert (found.low, found.high, found.p) == (None, None, None)


def test_an_old_file_is_read_in_todays_words():
    (found,) = old(seeds=([0.9, 0.91, 0.92], [0.8, 0.8, 0.81])).differences
    assert (found.low, found.high) == pytest.approx((0.0923, 0.1210), abs=1e-4)
    assert found.is_clear


@pytest.mark.parametrize("name", ["compare", "ablate", "time"])
def test_the_records_open_and_have_an_answer(name):
    kept = json.loads((RECORDS / f"{name}.json").read_text(encoding="utf-8"))["comparison"]
    found = Comparison.model_validate(kept)
    assert all(each.p is not None for each in found.differences)
    assert Comparison.model_validate_json(found.model_dump_json()) == found
    assert found.answer.endswith(".")


def test_the_columns_are_lists_of_one_length():
    frame = comparison([row("a", [0.25, 0.75]), row("b", [0.5], measured=None)]).frame()
    assert {len(column) for column in frame.values()} == {2}
    assert frame["net"] == ["a", "b"]
    assert frame["accuracy_mean"] == [0.5, 0.5]
    assert frame["accuracies"] == [[0.25, 0.75], [0.5]]
    assert frame["training_peak_bytes"] == [10 * 2**20, None]


FOUND = comparison([row("NiN"), row("_a_ & b")], [difference("NiN", "_a_ & b")])


def test_a_table_for_a_paper():
    lines = FOUND.to_latex().splitlines()
    assert lines[0] == r"\begin{tabular}{lrrrrrr}"
    assert lines[-3].startswith(r"\_a\_ \& b & 0.905 $\pm$ 0.005 & 1.00 k & 5.00 k & ")
    difference = r"$-$1.2 [$-$2.0, $-$0.4] seeds [$-$2.3, $-$0.1] images & clear, p = 0.010 \\"
    assert lines[-3].endswith(difference)
    assert {line.count(" & ") for line in lines if " & " in line} == {6}


def test_a_table_in_markdown():
    head, rule, first, second = FOUND.to_markdown().splitlines()
    assert head.startswith("| network | accuracy | parameters | ")
    assert head.endswith(" | difference from NiN (points) | certainty |")
    assert rule.count("---") == 7
    assert first.startswith("| NiN | 0.905 ± 0.005 | 1.00 k | 5.00 k | 75.5 s | – | – |")
    assert second.startswith(r"| \_a\_ \& b | ")


def test_a_notebook_shows_the_answer_and_the_table():
    shown = FOUND._repr_html_()
    assert shown.startswith("<p>NiN is clearly more accurate than _a_ &amp; b (by 1.2 points).</p>")
    assert shown.count("<tr>") == 3
    assert "<script" not in hostile()._repr_html_()


def test_groups_are_a_column():
    rows = [row(net, group=group) for group in ("one", "two") for net in ("a", "b")]
    head, _, *lines = comparison(rows).to_markdown().splitlines()
    assert head.startswith("| group | network | accuracy |")
    assert lines[2].startswith("| two | a | ")
