"""A comparison in one sentence."""

import pytest
from study_report_cases import difference, row

from nin.study.results.answer import answer

ROWS = [row("NiN"), row("LeNet", [0.8, 0.81, 0.82])]


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ([], "NiN classifies 90.5% of the images correctly."),
        ([difference()], "NiN is clearly more accurate than LeNet (by 1.2 points)."),
        ([difference(p=0.3)], "3 seeds cannot tell NiN from LeNet."),
        (
            [difference(), difference(rival="VGG", mean=-0.02), difference(rival="AlexNet", p=0.1)],
            "NiN is clearly more accurate than LeNet (by 1.2 points) and clearly less accurate than"
            " VGG (by 2.0 points); 3 seeds cannot tell it from AlexNet.",
        ),
        (
            [difference(rival=str(n), mean=0.01 * n) for n in range(1, 4)],
            "NiN is clearly more accurate than 3 (by 3.0 points), 2 (by 2.0 points) and 1 (by 1.0"
            " points).",
        ),
        (
            [difference(p=0.3), difference(rival="VGG", mean=0.001, p=1.0)],
            "3 seeds cannot tell NiN from LeNet or VGG.",
        ),
        (
            [difference(rival=str(n), p=1.0) for n in range(7)],
            "3 seeds cannot tell NiN from 7 others.",
        ),
        (
            [difference(n=1, low=None, high=None, p=None)],
            "one training of each network cannot tell NiN from LeNet: that takes 3 seeds or more.",
        ),
        (
            [difference("a", "b", group="1"), difference("c", "d", group="2", p=0.2)],
            "a is clearly more accurate than b (by 1.2 points); 3 seeds cannot tell c from d.",
        ),
    ],
)
def test_the_answer(differences, said):
    assert answer(ROWS, differences) == said
