"""Records of measurements: one JSON file a published figure, written after each single result."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nin.files import write_json
from nin.training.runs.provenance import command, device, versions, versions_of

RESULTS = Path(__file__).parents[1] / "results"


class Record:
    """The rows of one measurement; those that are there already are not measured again.

    Args:
        name: of the file in ``results/``.
        claim: what is measured, in one sentence.
        packages: whose versions matter beside Keras's and its backend's.
    """

    def __init__(self, name: str, claim: str, packages: Sequence[str] = ()) -> None:
        self.path = RESULTS / f"{name}.json"
        self.claim = claim
        self.packages = packages
        self.rows: list[dict[str, Any]] = []
        if self.path.exists():
            self.rows = json.loads(self.path.read_text())["rows"]

    def has(self, **key: Any) -> bool:
        """Whether a row with these values is there."""
        return any(all(row.get(name) == value for name, value in key.items()) for row in self.rows)

    def add(self, summary: Any = None, **row: Any) -> None:
        """Add a row and write the file; `summary` is made anew from all rows."""
        self.rows.append({**row, "commit": commit()})
        content = {
            "claim": self.claim,
            "command": command(),
            "device": device(),
            "versions": versions() | versions_of(*self.packages),
            "summary": summary(self.rows) if summary else None,
            "rows": self.rows,
        }
        write_json(self.path, content)


def spread(values: Sequence[float]) -> dict[str, float | int | None]:
    """n, mean, standard deviation (None of a single value), smallest and largest."""
    return {
        "n": len(values),
        "mean": round(statistics.fmean(values), 4),
        "sd": round(statistics.stdev(values), 4) if len(values) > 1 else None,
        "min": min(values),
        "max": max(values),
    }


def commit() -> str:
    """The commit that is checked out, marked where files other than results differ from it."""
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":!results")
    return _git("rev-parse", "--short=12", "HEAD") + ("-dirty" if changed else "")


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=RESULTS.parent)
    return done.stdout.strip()
