"""A comparison as CSV, Markdown and JSON, for other programs and for README files."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from nin import files
from nin.study.report.sections import conditions, sections, summary
from nin.study.results import report_text, table_columns
from nin.study.results.overview import tuned_values
from nin.study.results.result import Comparison
from nin.study.results.table_formats import escaped, markdown
from nin.study.statistics.difference import Difference
from nin.study.trials.row import Row


def write_csv(comparison: Comparison, path: Path) -> None:
    """Write one line per network, with numbers in full and missing values empty.

    Raises:
        NinError: the file cannot be written; an existing one is left as it was.
    """
    text = io.StringIO(newline="")
    columns = comparison.frame()
    columns["accuracies"] = [" ".join(map(repr, each)) for each in columns["accuracies"]]
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    _write(path, text.getvalue())


def write_markdown(comparison: Comparison, path: Path) -> None:
    """Write title, differences, tables and conditions.

    Raises:
        NinError: the file cannot be written; an existing one is left as it was.
    """
    blocks = [f"# {escaped(comparison.title)}", escaped(comparison.answer), summary(comparison)]
    for title, found in (
        ("Effects", comparison.effects),
        ("Interactions", comparison.interactions),
    ):
        blocks += [f"## {title}", *_findings(found)] if found else []
    if comparison.tuning is not None:
        blocks += ["## The search", markdown(*tuned_values(comparison.tuning))]
    for section in sections(comparison):
        blocks += [f"## {escaped(section.title)}"] if section.title else []
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
    files.write_json(path, comparison.model_dump())


def _findings(differences: Sequence[Difference]) -> list[str]:
    if not differences:
        return []
    lines = [
        (
            report_text.finding(each),
            report_text.certainty(each),
            str(each.n),
            report_text.seeds_for_a_point(each),
            report_text.parameters(each),
        )
        for each in differences
    ]
    return [
        markdown(report_text.FINDINGS, lines),
        report_text.explanation(differences),
    ]


def _rows_table(rows: Sequence[Row], shown: Sequence[table_columns.Column]) -> str:
    lines = [(row.net, *(column.text(row) for column in shown)) for row in rows]
    return markdown(("network", *(column.title for column in shown)), lines)


def _conditions(comparison: Comparison) -> list[str]:
    terms = conditions(comparison)
    facts = "\n".join(f"- {escaped(term)}: {escaped(text)}" for term, text in terms)
    return [facts, "Command:", "    " + " ".join(comparison.command.split())]


def _write(path: Path, text: str) -> None:
    # A name that is not UTF-8 holds lone surrogates.
    files.write_bytes(path, text.encode(errors="backslashreplace"))
