"""The parts of a report: a section per group, what was compared, and under which conditions."""

from __future__ import annotations

from typing import Any, NamedTuple

from nin.accounting.table import sides
from nin.study.results.report_text import NOTHING, label, setting_text
from nin.study.results.result import Comparison
from nin.study.statistics.difference import Difference
from nin.study.trials.row import Row


class Section(NamedTuple):
    """The rows of one group.

    Attributes:
        title: name of the group; empty in a plain comparison.
        rows: its networks.
        differences: between pairs of them.
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
    if comparison.factors:
        values = " × ".join(str(len(each)) for each in comparison.factors.values())
        factors = len(comparison.factors)
        shape = f"{factors} factors, {values}" if factors > 1 else "1 factor"
        return (
            f"{nets} combinations ({shape}), trained by the same Trainer on the same images, and"
            f" evaluated on the same {comparison.images:,} {comparison.judged_on} images."
        )
    networks = "1 network" if nets == 1 else f"{nets} networks"
    return (
        f"{networks}, trained by the same Trainer on the same images under the same budget, and"
        f" evaluated on the same {comparison.images:,} {comparison.judged_on} images."
    )


def conditions(comparison: Comparison) -> list[tuple[str, str]]:
    """What was the same for all networks, and where it ran: terms and values."""
    settings = comparison.settings.items()
    return [
        *((label(key), setting_text(value)) for key, value in settings),
        ("evaluated on", f"{comparison.images:,} {comparison.judged_on} images"),
        ("images", _images(comparison.data)),
        ("device", setting_text(comparison.device)),
        ("versions", setting_text(comparison.versions)),
    ]


def _section(comparison: Comparison, group: str) -> Section:
    rows = [row for row in comparison.rows if row.group == group]
    return Section(group, rows, [each for each in comparison.differences if each.group == group])


def _images(data: dict[str, Any]) -> str:
    facts = [str(data.get("name", NOTHING))]
    if "splits" in data:
        splits = data["splits"].items()
        facts.append(" + ".join(f"{part['images']:,} {name}" for name, part in splits))
    if "classes" in data:
        facts.append(f"{len(data['classes'])} classes")
    if "image_shape" in data:
        facts.append("stored as " + sides(data["image_shape"]))
    facts += [f"{key} {data[key]}" for key in ("source", "licence") if data.get(key)]
    if "fingerprint" in data:
        facts.append(f"fingerprint {data['fingerprint'][:12]}")
    return "; ".join(facts)
