"""Numbers and findings in words."""

import pytest
from study_report_cases import difference

from nin.study.results import report_text


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
    ("changed", "said"),
    [
        ({}, "NiN is 1.2 points better than LeNet: [0.4, 2.0] over seeds, [0.1, 2.3] over images"),
        (
            {"mean": -0.012, "low": -0.028, "high": 0.004, "images_low": None},
            "NiN is 1.2 points worse than LeNet: [−0.4, 2.8] over seeds",
        ),
        (
            {"mean": 0.0, "low": -0.01, "high": 0.01, "images_low": None},
            "NiN and LeNet differ by less than 0.1 points on average: [−1.0, 1.0] over seeds",
        ),
        (
            {"n": 2, "low": None, "high": None, "images_low": None},
            "NiN is 1.2 points better than LeNet: 2 seeds are too few for an interval over seeds",
        ),
        (
            {"n": 1, "low": None, "high": None},
            "NiN is 1.2 points better than LeNet: one seed is too few for an interval over seeds,"
            " [0.1, 2.3] over images",
        ),
    ],
)
def test_a_difference_in_words(changed, said):
    found = report_text.finding(difference(**changed))
    assert found.replace("\N{NO-BREAK SPACE}", " ") == said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "clear, p = 0.010"),
        ({"p": 0.0001}, "clear, p < 0.001"),
        ({"p": 0.05}, "may be chance, p = 0.050"),
        ({"p": 1.0}, "may be chance, p = 1.00"),
        ({"n": 2, "p": None}, "too few seeds"),
    ],
)
def test_how_certain_it_is(changed, said):
    assert report_text.certainty(difference(**changed)) == said


@pytest.mark.parametrize(
    ("changed", "said"),
    [({}, "5"), ({"sd": 0.02}, "34"), ({"sd": 0.5}, "more than 1,000"), ({"n": 2}, "–")],
)
def test_seeds_that_would_show_a_point(changed, said):
    assert report_text.seeds_for_a_point(difference(**changed)) == said


def test_what_can_be_seen_is_said_beforehand():
    assert report_text.foresight(5, 10_000) == (
        "a difference of one point takes 5, 10 or 34 seeds if it varies by 0.5, 1 or 2 points from"
        " seed to seed; this is 5. 10,000 test images show one of 0.9 points if only one network is"
        " right about a tenth of them"
    )


def test_how_to_read_it_depends_on_what_there_is():
    few = difference(n=2, low=None, high=None, p=None, images_low=None)
    assert "Over seeds" not in report_text.explanation([few])
    assert "may be luck" in report_text.explanation([few])
    assert "was not kept" in report_text.explanation([few])
    both = report_text.explanation([difference()])
    assert "Over seeds" in both
    assert "Over images" in both
    assert "Holm" in both


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
