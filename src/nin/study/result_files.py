"""The four files of a comparison."""

from __future__ import annotations

from pathlib import Path

from nin.study.report import write_report
from nin.study.result import Comparison
from nin.study.tables import write_csv, write_json, write_markdown

#: What writes each of them, by its name.
FILES = {
    "report.html": write_report,
    "compare.csv": write_csv,
    "compare.json": write_json,
    "compare.md": write_markdown,
}


def write_results(comparison: Comparison, folder: Path) -> None:
    """Write all of `FILES` to `folder`.

    Raises:
        NinError: a file cannot be written; it is as it was.
    """
    for name, write in FILES.items():
        write(comparison, folder / name)
