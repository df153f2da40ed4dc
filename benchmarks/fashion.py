"""What the `fashion` recipe reaches on Fashion-MNIST's 10,000 test images.

Each seed is one `nin train fashion --seed SEED`; 3,000 training images are held out to watch it,
the test images are looked at once, at the end.

Run: python benchmarks/fashion.py [SEEDS]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from record import Record, spread

import nin


def measure(seed: int) -> dict[str, Any]:
    """Train once."""
    recipe = nin.RECIPES["fashion"].revised(seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        run = nin.train(recipe, Path(folder) / "run")
        rows = run.metrics()
    return {
        "accuracy": run.record["result"]["accuracy"],
        "loss": round(run.record["result"]["loss"], 4),
        "validation_accuracy": round(rows[-1]["val_accuracy"], 4),
        "seconds": run.record["result"]["seconds"],
        "images_per_second": rows[-1]["images_per_second"],
        "parameters": run.record["parameters"],
        "epochs": recipe.epochs,
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy and seconds over the seeds."""
    return {key: spread([row[key] for row in rows]) for key in ("accuracy", "seconds")}


def main() -> None:
    """Measure what is not yet in the record."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    record = Record("fashion", (__doc__ or "").splitlines()[0])
    for seed in range(seeds):
        if not record.has(seed=seed):
            row = measure(seed)
            record.add(summary, seed=seed, **row)
            print(seed, row, flush=True)


if __name__ == "__main__":
    main()
