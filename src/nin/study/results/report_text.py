"""The text of a report: numbers and findings in words."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from nin.study.statistics.difference import Difference
from nin.study.statistics.intervals import FEWEST_SEEDS, deviation
from nin.study.statistics.power import MOST_SEEDS, difference_shown, seeds_needed

#: For a missing value.
NOTHING = "–"
#: Titles of the table of differences.
FINDINGS = ("finding", "certainty", "pairs", "seeds for one point", "parameters")
_POINT = "A point is one image in a hundred."


def count(value: int) -> str:
    """Three significant digits and a unit: ``1.99 M``; unchanged below a thousand."""
    if value < 1000:
        return str(value)
    short, units = value / 1000, "kMGT"
    while short >= 999.5 and units[1:]:
        short, units = short / 1000, units[1:]
    return f"{short:#.3g}".rstrip(".") + f" {units[0]}"


def seconds(value: float) -> str:
    """``12.3 s``, ``4.5 min`` or ``2.1 h``."""
    for limit, unit, length in ((120, "s", 1), (7200, "min", 60)):
        if value < limit:
            return f"{value / length:.1f} {unit}"
    return f"{value / 3600:.1f} h"


def rate(value: float) -> str:
    """Images per second: ``1,234`` or ``5.6``."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def accuracy(values: Sequence[float]) -> str:
    """Mean ± standard deviation; a single value has no deviation."""
    if not values:
        return NOTHING
    width = deviation(values)
    return f"{fmean(values):.3f}" + ("" if width is None else f" ± {width:.3f}")


def finding(difference: Difference) -> str:
    """Which network is better, by how many points, and the intervals, each with what it covers."""
    return f"{_verdict(difference)}{_intervals(difference)}"


def certainty(difference: Difference) -> str:
    """Whether chance is an unlikely cause, in a few words."""
    if difference.independent < FEWEST_SEEDS:
        return f"too few {difference.unit}"
    if difference.p is None:
        return NOTHING
    word = "clear" if difference.is_clear else "may be chance"
    return f"{word}, {probability(difference.p)}"


def probability(p: float) -> str:
    """``p = 0.03`` or ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.095 else f"p = {p:.2f}"


def seeds_for_a_point(difference: Difference) -> str:
    """How many seeds would show a difference of one point, if it varies as much as this one."""
    if difference.folds is not None or difference.sd is None or difference.n < FEWEST_SEEDS:
        return NOTHING
    needed = difference.seeds_needed(0.01)
    return f"more than {MOST_SEEDS:,}" if needed is None else str(needed)


def foresight(seeds: int, images: int, judged_on: str = "test", folds: int | None = None) -> str:
    """What these numbers of seeds (or folds) and images can show, to print before training."""
    needed = [str(seeds_needed(0.01, sd)) for sd in (0.005, 0.01, 0.02)]
    shown = 100 * difference_shown(images, 0.1)
    if folds is not None:
        return (
            f"in {folds} folds each of {images:,} images is tested once, which shows a difference"
            f" of {shown:.1f} points if only one network is right about a tenth of them"
        )
    return (
        f"a difference of one point takes {needed[0]}, {needed[1]} or {needed[2]} seeds if it"
        f" varies by 0.5, 1 or 2 points from seed to seed; this is {seeds}. {images:,} {judged_on}"
        f" images show one of {shown:.1f} points if only one network is right about a tenth of them"
    )


def explanation(differences: Sequence[Difference]) -> str:
    """How to read `finding` and `certainty`."""
    sentences = []
    if any(each.low is not None and each.folds is not None for each in differences):
        sentences.append(
            "Over folds: the 95 % confidence interval of other trainings on as many images of the"
            " kind (paired t-test of the folds, each by the mean of its seeds, corrected for the"
            " images that folds share: Nadeau and Bengio 2003)."
        )
    elif any(each.low is not None for each in differences):
        sentences.append(
            "Over seeds: the 95 % confidence interval of other trainings, evaluated on these"
            " images (paired t-test)."
        )
    if any(each.independent < FEWEST_SEEDS for each in differences):
        sentences.append(
            f"With fewer than {FEWEST_SEEDS} {differences[0].unit} there is none: such a difference"
            " may be luck, whatever its size."
        )
    if any(each.images_low is not None for each in differences):
        sentences.append(
            "Over images: that of these trainings, evaluated on other images of the kind (paired"
            " by image; Bonett and Price 2012)."
        )
    else:
        sentences.append(
            "Which images each network had right was not kept: other test images may differ."
        )
    if any(each.p is not None for each in differences):
        sentences.append(
            "Clear: chance is unlikely at 5 %, that of seeds (t-test) and, where known, that of"
            " images (exact test of McNemar), with Holm's correction for all differences of this"
            " kind here. Pairs: trainings of the two with the same seed, and the same fold if there"
            " are any. Seeds for one point: with as many, a difference of one point would be"
            " seen four times in five if it were the only one; of several it takes more."
        )
    return " ".join([*sentences, _POINT])


def parameters(difference: Difference) -> str:
    """How the two networks' numbers of parameters compare; an interaction has none."""
    ratio = difference.parameter_ratio
    if ratio is None:
        return NOTHING
    larger, smaller = difference.rival, difference.net
    if 0 < ratio < 1:
        ratio, larger, smaller = 1 / ratio, smaller, larger
    if f"{ratio:.2f}" == "1.00":
        return "as many parameters"
    if ratio == 0:
        return f"{larger} has no parameters"
    return f"{larger} has {_times(ratio)} times the parameters of {smaller}"


def setting_text(value: Any) -> str:
    """A value of the settings on one line."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return (
            ", ".join(f"{label(key)} {setting_text(item)}" for key, item in value.items())
            or NOTHING
        )
    if isinstance(value, list | tuple):
        return ", ".join(map(setting_text, value)) or NOTHING
    return f"{value:g}" if isinstance(value, float) else str(value)


def label(key: Any) -> str:
    """A key of the settings, without underscores."""
    return str(key).replace("_", " ")


def _verdict(difference: Difference) -> str:
    points = f"{abs(100 * difference.mean):.1f}"
    net, rival = difference.net, difference.rival
    if points == "0.0":
        return f"{net} and {rival} differ by less than 0.1 points on average"
    word = "better" if difference.mean > 0 else "worse"
    return f"{net} is {points} points {word} than {rival}"


def _intervals(difference: Difference) -> str:
    intervals = []
    if (count := difference.independent) < FEWEST_SEEDS:
        unit = difference.unit
        seeds = "one seed is" if count == 1 else f"{count} {unit} are"
        intervals.append(f"{seeds} too few for an interval over {unit}")
    elif difference.low is not None and difference.high is not None:
        intervals.append(
            f"{_bounds(difference, difference.low, difference.high)} over {difference.unit}"
        )
    elif difference.sd == 0:
        intervals.append("the seeds change nothing")
    if difference.images_low is not None and difference.images_high is not None:
        low, high = difference.images_low, difference.images_high
        intervals.append(f"{_bounds(difference, low, high)} over images")
    return f": {', '.join(intervals)}" if intervals else ""


def _bounds(difference: Difference, low: float, high: float) -> str:
    """An interval in points, with the sign that makes the difference positive."""
    sign = -100 if difference.mean < 0 else 100
    low, high = sorted((sign * low, sign * high))
    return f"[{_signed(low)},\N{NO-BREAK SPACE}{_signed(high)}]"


def points(difference: Difference, sign: int = 1) -> str:
    """The difference in points with its intervals; `sign` −1 reverses it."""
    text = _signed(100 * sign * difference.mean, plus=True)
    for low, high, covers in (
        (difference.low, difference.high, difference.unit),
        (difference.images_low, difference.images_high, "images"),
    ):
        if low is not None and high is not None:
            ends = sorted((100 * sign * low, 100 * sign * high))
            text += f" [{', '.join(_signed(end, plus=True) for end in ends)}] {covers}"
    return text


def _signed(points: float, *, plus: bool = False) -> str:
    return f"{round(points, 1) + 0.0:{'+' if plus else ''}.1f}".replace("-", "−")


def _times(ratio: float) -> str:
    if ratio < 1.1:
        return f"{ratio:.2f}"
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:,.0f}"
