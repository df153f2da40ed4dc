"""A comparison as CSV, Markdown and JSON, for other programs and for README files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from nin import files
from nin.study import report_text, table_columns
from nin.study.result import Comparison, Difference, Row, Speed
from nin.study.statistics import deviation


def write_csv(comparison: Comparison, path: Path) -> None:
    """Write one line per network, numbers in full; missing values are empty.

    Raises:
        NinError: the file cannot be written; an existing one is left as it was.
    """
    text = io.StringIO(newline="")
    lines = [_values(row) for row in comparison.rows]
    writer = csv.DictWriter(text, list(lines[0]) if lines else [])
    writer.writeheader()
    writer.writerows(lines)
    _write(path, text.getvalue())


def write_markdown(comparison: Comparison, path: Path) -> None:
    """Write title, differences, tables and conditions.

    Raises:
        NinError: the file cannot be written; an existing one is left as it was.
    """
    blocks = [f"# {_escaped(comparison.title)}", report_text.summary(comparison)]
    for section in report_text.sections(comparison):
        blocks += [f"## {_escaped(section.title)}"] if section.title else []
        blocks += _findings(section.differences)
        for title, shown in table_columns.tables(section.rows):
            blocks += [f"**{title}**", _rows_table(section.rows, shown)]
        blocks.append(" ".join(table_columns.notes(section.rows)))
    blocks += ["## Conditions", *_conditions(comparison)]
    _write(path, "\n\n".join(blocks) + "\n")


def write_json(comparison: Comparison, path: Path) -> None:
    """Write everything as JSON, which `Comparison.model_validate_json` reads.

    Raises:
        NinError: the file cannot be written; an existing one is left as it was.
    """
    files.write_json(path, comparison.model_dump(mode="json"))


def _values(row: Row) -> dict[str, Any]:
    cost, measured = row.cost, row.measured
    return {
        "group": row.group,
        "net": row.net,
        "accuracy_mean": fmean(row.accuracies) if row.n else None,
        "accuracy_sd": deviation(row.accuracies),
        "seeds": row.n,
        "died": row.died,
        "accuracies": " ".join(map(repr, row.accuracies)),
        "on_front": row.on_front,
        "learning_rate": row.learning_rate,
        "train_seconds": row.seconds,
        **{f"parameters_{place}": n for place, n in cost.parameters.model_dump().items()},
        "parameters_total": cost.parameters.total,
        "multiply_adds": cost.multiply_adds,
        "weight_bytes": cost.weight_bytes,
        "activation_batch_size": cost.batch_size,
        "training_activation_bytes": cost.training_activation_bytes,
        "prediction_activation_bytes": cost.prediction_activation_bytes,
        **dict(zip(("receptive_height", "receptive_width"), _window(row), strict=True)),
        "measured_batch_size": measured.batch_size if measured else None,
        **_speed("training", measured.training if measured else None),
        **_speed("prediction", measured.prediction if measured else None),
    }


def _window(row: Row) -> Sequence[int | None]:
    return row.cost.receptive_field or (None, None)


def _speed(name: str, speed: Speed | None) -> dict[str, float | None]:
    return {
        f"{name}_images_per_second": speed.images_per_second if speed else None,
        f"{name}_peak_bytes": speed.peak_bytes if speed else None,
    }


def _findings(differences: Sequence[Difference]) -> list[str]:
    if not differences:
        return []
    lines = [
        (
            report_text.finding(each),
            report_text.certainty(each),
            str(each.n),
            report_text.parameters(each),
        )
        for each in differences
    ]
    return [
        _markdown_table(("finding", "certainty", "seeds", "parameters"), lines),
        report_text.explanation(differences),
    ]


def _rows_table(rows: Sequence[Row], shown: Sequence[table_columns.Column]) -> str:
    lines = [(row.net, *(column.text(row) for column in shown)) for row in rows]
    return _markdown_table(("network", *(column.title for column in shown)), lines)


def _markdown_table(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    all_lines = [titles, ["---"] * len(titles), *([*map(_escaped, line)] for line in lines)]
    return "\n".join(f"| {' | '.join(line)} |" for line in all_lines)


def _conditions(comparison: Comparison) -> list[str]:
    said = report_text.conditions(comparison)
    facts = "\n".join(f"- {_escaped(term)}: {_escaped(text)}" for term, text in said)
    return [facts, "Command:", "    " + " ".join(comparison.command.split())]


def _escaped(text: str) -> str:
    """`text` on one line, with the characters escaped that mean something to Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>&|#~$!])", r"\\\1", " ".join(text.split()))


def _write(path: Path, text: str) -> None:
    # A name that is not UTF-8 holds lone surrogates.
    files.write_bytes(path, text.encode(errors="backslashreplace"))
