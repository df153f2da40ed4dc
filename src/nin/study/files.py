"""The four files of a comparison."""

from __future__ import annotations

from pathlib import Path

from nin.study.report import write_report
from nin.study.result import Comparison
from nin.study.tables import write_csv, write_json, write_markdown


def write_results(comparison: Comparison, folder: Path) -> list[Path]:
    """Write ``compare.csv``, ``compare.json``, ``compare.md`` and ``report.html`` to `folder`.

    Returns:
        Their paths.

    Raises:
        NinError: a file cannot be written; it is as it was.
    """
    writers = {
        "report.html": write_report,
        "compare.csv": write_csv,
        "compare.json": write_json,
        "compare.md": write_markdown,
    }
    for name, write in writers.items():
        write(comparison, folder / name)
    return [folder / name for name in writers]
