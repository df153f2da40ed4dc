"""The text of a report: numbers, findings, its sections and the conditions of the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any, NamedTuple

from nin.accounting.table import sides
from nin.study.result import Comparison, Difference, Row
from nin.study.statistics import deviation

#: For a missing value.
NOTHING = "–"
_INTERVALS = (
    "In brackets: the 95 % confidence interval of the paired differences. If it contains 0, the"
    " difference may be due to the seeds alone. A point is one image in a hundred."
)
_ONE_SEED = (
    "One seed cannot tell a better network from a lucky one. A point is one image in a hundred."
)


def count(value: int) -> str:
    """Three digits and a unit: ``1.99 M``; below a thousand as it is."""
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
    """Mean ± standard deviation, which a single value does not have."""
    if not values:
        return NOTHING
    width = deviation(values)
    return f"{fmean(values):.3f}" + ("" if width is None else f" ± {width:.3f}")


def finding(difference: Difference) -> str:
    """One sentence: which is better, by how many points, and the interval."""
    return f"{_verdict(difference)}{_interval(difference)}"


def certainty(difference: Difference) -> str:
    """Whether the interval excludes 0, in a word or two."""
    if difference.low is None or difference.high is None:
        return NOTHING
    return "clear" if difference.low > 0 or difference.high < 0 else "may be chance"


def explanation(differences: Sequence[Difference]) -> str:
    """How to read `finding` and `certainty`."""
    return _ONE_SEED if all(each.low is None for each in differences) else _INTERVALS


def parameters(difference: Difference) -> str:
    """Which of the two has how many times the other's parameters."""
    ratio = difference.parameter_ratio
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
        return f"{net} and {rival} are equal to within 0.1 points"
    word = "better" if difference.mean > 0 else "worse"
    return f"{net} is {points} points {word} than {rival}"


def _interval(difference: Difference) -> str:
    if difference.low is None or difference.high is None:
        return "; one seed: no interval"
    sign = -100 if difference.mean < 0 else 100
    low, high = sorted((sign * difference.low, sign * difference.high))
    return f" [{_signed(low)},\N{NO-BREAK SPACE}{_signed(high)}]"


def _signed(points: float) -> str:
    return f"{round(points, 1) + 0.0:.1f}".replace("-", "−")


def _times(ratio: float) -> str:
    if ratio < 1.1:
        return f"{ratio:.2f}"
    return f"{ratio:.1f}" if ratio < 10 else f"{ratio:,.0f}"


class Section(NamedTuple):
    """The rows of one group.

    Attributes:
        title: name of the group; empty in a plain comparison.
        rows: its networks.
        differences: between two of them.
    """

    title: str
    rows: list[Row]
    differences: list[Difference]


def sections(comparison: Comparison) -> list[Section]:
    """One section per group, in order of appearance."""
    groups = dict.fromkeys(row.group for row in comparison.rows)
    return [_section(comparison, group) for group in groups]


def summary(comparison: Comparison) -> str:
    """What was compared, in one sentence."""
    nets = len({row.net for row in comparison.rows})
    networks = "1 network" if nets == 1 else f"{nets} networks"
    return (
        f"{networks}, trained by the same Trainer on the same images under the same budget, and"
        f" judged on the same {comparison.images:,} {comparison.judged_on} images."
    )


def conditions(comparison: Comparison) -> list[tuple[str, str]]:
    """What was the same for all networks, and where it ran: terms and values."""
    settings = comparison.settings.items()
    return [
        *((label(key), setting_text(value)) for key, value in settings),
        ("judged on", f"{comparison.images:,} {comparison.judged_on} images"),
        ("images", _images(comparison.data)),
        ("device", setting_text(comparison.device)),
        ("versions", setting_text(comparison.versions)),
    ]


def _section(comparison: Comparison, group: str) -> Section:
    rows = [row for row in comparison.rows if row.group == group]
    return Section(group, rows, [each for each in comparison.differences if each.group == group])


def _images(data: dict[str, Any]) -> str:
    said = [str(data.get("name", NOTHING))]
    if "splits" in data:
        splits = data["splits"].items()
        said.append(" + ".join(f"{part['images']:,} {name}" for name, part in splits))
    if "classes" in data:
        said.append(f"{len(data['classes'])} classes")
    if "image_shape" in data:
        said.append("stored as " + sides(data["image_shape"]))
    said += [f"{key} {data[key]}" for key in ("source", "licence") if data.get(key)]
    if "fingerprint" in data:
        said.append(f"fingerprint {data['fingerprint'][:12]}")
    return "; ".join(said)
