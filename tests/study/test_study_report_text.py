"""Numbers and findings in words."""

import pytest
from study_report_cases import difference

from nin.study import report_text


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
