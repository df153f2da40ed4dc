"""The table of a comparison for publication: accuracy, cost and difference of each network."""

from __future__ import annotations

from collections.abc import Sequence

from nin.study.results.report_text import (
    NOTHING,
    accuracy,
    certainty,
    count,
    points,
    seconds,
    setting_text,
)
from nin.study.results.tuning_record import TuningRecord
from nin.study.statistics.difference import Difference
from nin.study.trials.row import Row


def overview(
    rows: Sequence[Row], differences: Sequence[Difference]
) -> tuple[list[str], list[list[str]]]:
    """Column titles and lines; each difference is in the line of its `rival`."""
    grouped = any(row.group for row in rows)
    titles = ["network", "accuracy", "parameters", "multiply-adds", "time to train"]
    against = {(each.group, each.rival): each for each in differences}
    if differences:
        bases = dict.fromkeys(each.net for each in differences)
        titles += [f"difference from {' or '.join(bases)} (points)", "certainty"]
    lines = [_line(row, against.get((row.group, row.net)), bool(differences)) for row in rows]
    if grouped:
        titles, lines = (
            ["group", *titles],
            [[row.group, *line] for row, line in zip(rows, lines, strict=True)],
        )
    return titles, lines


def tuned_values(record: TuningRecord) -> tuple[list[str], list[list[str]]]:
    """Column titles, and a line per searched field: its range, the recipe's value, the best."""
    titles = ["value", "searched", "the recipe's", "tuned", "share of the variation"]
    lines = []
    for name, searched in record.space.items():
        share = record.importances.get(name)
        lines.append(
            [
                name.replace("_", " "),
                ", ".join(map(setting_text, searched)),
                setting_text(record.defaults[name]),
                setting_text(record.best[name]),
                NOTHING if share is None else f"{share:.0%}",
            ]
        )
    return titles, lines


def _line(row: Row, difference: Difference | None, compared: bool) -> list[str]:
    line = [
        row.net,
        accuracy(row.accuracies),
        count(row.cost.parameters.total),
        count(row.cost.multiply_adds),
        seconds(row.seconds),
    ]
    if compared:
        line += (
            [NOTHING] * 2
            if difference is None
            else [points(difference, sign=-1), certainty(difference)]
        )
    return line
