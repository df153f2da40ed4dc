"""What the `photos` recipe reaches on a folder of photographs, against always naming one class.

The record was made on 3,781 photographs of clothes in ten unbalanced classes, shorter side 160
pixels (clothing-small, CC0), with the folder's own train/, validation/ and test/.

Run: python benchmarks/photos.py FOLDER [SEEDS]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from record import Record, spread

import nin
from nin.training.recipes import choose


def measure(folder: str, seed: int) -> dict[str, Any]:
    """Train once."""
    with tempfile.TemporaryDirectory() as place:
        run = nin.train(choose(folder, None).revised(seed=seed), Path(place) / "run")
    result = run.record["result"]
    per_class = run.record["data"]["splits"]["test"]["per_class"]
    return {
        "folder": Path(folder).name,
        "accuracy": result["accuracy"],
        "loss": round(result["loss"], 4),
        "n": result["n"],
        "largest_class": max(per_class.values()) / result["n"],
        "seconds": result["seconds"],
        "parameters": run.record["parameters"],
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy over the seeds."""
    return {key: spread([row[key] for row in rows]) for key in ("accuracy", "seconds")}


def main() -> None:
    """Measure what is not yet in the record."""
    folder, *others = sys.argv[1:]
    record = Record("photos", (__doc__ or "").splitlines()[0])
    sys.argv[1] = Path(folder).name
    for seed in range(int(others[0]) if others else 1):
        if not record.has(seed=seed):
            record.add(summary, seed=seed, **measure(folder, seed))


if __name__ == "__main__":
    main()
