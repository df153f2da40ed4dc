"""Numbers and findings in words."""

import pytest
from study_report_cases import difference, row

from nin.study import report_text, table_columns


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (88_442, "88.4 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (1_992_166, "1.99 M"),
        (762_000_000, "762 M"),
        (7_600_000_000, "7.60 G"),
        (5 * 10**15, "5.00e+03 T"),
    ],
)
def test_count(value, said):
    assert report_text.count(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.04, "0.0 s"), (119, "119.0 s"), (120, "2.0 min"), (9000, "2.5 h")]
)
def test_seconds(seconds, said):
    assert report_text.seconds(seconds) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [([0.867, 0.871, 0.875], "0.871 ± 0.004"), ([0.9, 0.9], "0.900 ± 0.000"), ([0.9], "0.900")],
)
def test_accuracy_has_no_deviation_of_one_seed(values, said):
    assert report_text.accuracy(values) == said
    assert report_text.accuracy([]) == report_text.NOTHING


@pytest.mark.parametrize(
    ("mean", "low", "high", "said", "certainty"),
    [
        (0.012, 0.004, 0.02, "NiN is 1.2 points better than LeNet [0.4, 2.0]", "clear"),
        (0.012, -0.004, 0.028, "NiN is 1.2 points better than LeNet [−0.4, 2.8]", "may be chance"),
        (-0.012, -0.028, 0.004, "NiN is 1.2 points worse than LeNet [−0.4, 2.8]", "may be chance"),
        (-0.012, -0.02, -0.004, "NiN is 1.2 points worse than LeNet [0.4, 2.0]", "clear"),
        (0.0, -0.01, 0.01, "NiN and LeNet are equal to within 0.1 points [−1.0, 1.0]", None),
        (0.01, -0.0001, 0.02, "NiN is 1.0 points better than LeNet [0.0, 2.0]", "may be chance"),
        (0.01, None, None, "NiN is 1.0 points better than LeNet; one seed: no interval", "–"),
    ],
)
def test_a_difference_in_words(mean, low, high, said, certainty):
    found = difference(mean=mean, low=low, high=high)
    assert report_text.finding(found).replace("\N{NO-BREAK SPACE}", " ") == said
    assert report_text.certainty(found) == (certainty or "may be chance")


def test_how_to_read_it_depends_on_whether_there_is_an_interval():
    one = difference(low=None, high=None)
    assert report_text.explanation([one]).startswith("One seed")
    assert report_text.explanation([one, difference()]).startswith("In brackets")


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (5.2, "LeNet has 5.2 times the parameters of NiN"),
        (0.2, "NiN has 5.0 times the parameters of LeNet"),
        (1234.0, "LeNet has 1,234 times the parameters of NiN"),
        (1.04, "LeNet has 1.04 times the parameters of NiN"),
        (1.001, "as many parameters"),
        (0.999, "as many parameters"),
        (0.0, "LeNet has no parameters"),
    ],
)
def test_parameters_of_one_and_the_other(ratio, said):
    assert report_text.parameters(difference(ratio=ratio)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "none"),
        (True, "yes"),
        ([0.0003, 0.001], "0.0003, 0.001"),
        ({"flip_left": False, "shift": [1, 2]}, "flip left no, shift 1, 2"),
        ({}, "–"),
        ("a", "a"),
    ],
)
def test_settings_on_one_line(value, said):
    assert report_text.setting_text(value) == said


def texts(shown, row):
    return {column.title: column.text(row) for column in shown}


def test_a_rate_at_the_edge_of_those_tried_is_marked_and_explained():
    inside, edge = row("a"), row("b", learning_rate=0.003)
    only = row("c", rates={"0.001": 0.8})
    assert [
        texts(table_columns.RESULTS, each)["learning rate"] for each in (inside, edge, only)
    ] == [
        "0.001",
        "0.003 (edge)",
        "0.001",
    ]
    assert any(note.startswith("Edge") for note in table_columns.notes([inside, edge]))
    assert not any(note.startswith("Edge") for note in table_columns.notes([inside, only]))


def test_what_was_not_measured_is_a_dash_and_without_any_there_are_no_columns():
    measured, without = row("a"), row("b", measured=None)
    assert texts(table_columns.MEASURED, measured)["training, images/s"] == "123"
    assert set(texts(table_columns.MEASURED, without).values()) == {"–"}
    assert table_columns.tables([measured, without])[1][1][-4:] == table_columns.MEASURED
    assert table_columns.tables([without])[1][1] == table_columns.COSTS
    assert "in batches of 32" in " ".join(table_columns.notes([measured]))
    assert "measured" not in " ".join(table_columns.notes([without]))


def test_columns_of_parameters_add_up():
    parameters = row("a", parameters=800).cost.parameters
    said = texts(table_columns.RESULTS, row("a", parameters=800))
    parts = ("in convolutions", "in 1×1", "in dense", "elsewhere")
    assert sum(int(said[part]) for part in parts) == int(said["parameters"]) == parameters.total
