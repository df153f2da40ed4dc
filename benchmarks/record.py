"""Records of measurements: one JSON file a published figure, written after each single result."""

from __future__ import annotations

import importlib.metadata
import json
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nin.files import write_json
from nin.training.runs.provenance import command, device, versions, versions_of
from nin.training.runs.run_format import RunRecord

RESULTS = Path(__file__).parents[1] / "results"


class Record:
    """The rows of one measurement; those that are there already are not measured again.

    Args:
        name: of the file in ``results/``.
        claim: what is measured, in one sentence.
        packages: whose versions matter beside Keras's and its backend's, where they are installed.
    """

    def __init__(self, name: str, claim: str, packages: Sequence[str] = ()) -> None:
        self.path = RESULTS / f"{name}.json"
        self.claim = claim
        self.packages = packages
        self.rows: list[dict[str, Any]] = []
        self.note: str | None = None
        if self.path.exists():
            kept = json.loads(self.path.read_text())
            self.rows, self.note = kept["rows"], kept.get("note")

    def has(self, **key: Any) -> bool:
        """Whether a row with these values is there."""
        return any(all(row.get(name) == value for name, value in key.items()) for row in self.rows)

    def add(self, summary: Any = None, run: RunRecord | None = None, **row: Any) -> None:
        """Add a row and write the file; `summary` is made anew from all rows.

        The file's device and versions are those of the latest row; a row says which processor or
        GPU it was measured on, since a long record may be continued on another. Of a `run` that
        was trained elsewhere they are the run's.
        """
        here, used = (run["device"], run["versions"]) if run else (device(), versions())
        place = where(here, used["backend"])
        self.rows.append({**row, "measured_on": place, "commit": commit()})
        content = {
            "claim": self.claim,
            "command": command(),
            "device": here,
            "versions": versions_of(*filter(_is_installed, self.packages)) | used,
            "summary": summary(self.rows) if summary else None,
            "rows": self.rows,
        }
        if self.note:
            content["note"] = self.note
        write_json(self.path, content)


def where(device: dict[str, Any], backend: str) -> str:
    """The name of the GPU, or of the processor with the number of its cores, and the backend."""
    place = device.get("gpu") or f"{device['processor']}, {device['cores']} cores"
    return f"{place}, {backend}"


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def spread(values: Sequence[float]) -> dict[str, float | int | None]:
    """n, mean, standard deviation (None of a single value), smallest and largest."""
    return {
        "n": len(values),
        "mean": round(statistics.fmean(values), 4),
        "sd": round(statistics.stdev(values), 4) if len(values) > 1 else None,
        "min": min(values),
        "max": max(values),
    }


def median_and_spread(values: Sequence[float]) -> dict[str, float | int | None]:
    """The median, and what `spread` says."""
    return {"median": statistics.median(values), **spread(values)}


def commit(checkout: Path = RESULTS.parent) -> str:
    """The commit that is checked out, marked where files other than results differ from it."""
    changed = _git(checkout, "status", "--porcelain", "--untracked-files=no", "--", ":!results")
    return _git(checkout, "rev-parse", "--short=12", "HEAD") + ("-dirty" if changed else "")


def _git(checkout: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=checkout)
    return done.stdout.strip()
