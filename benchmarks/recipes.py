"""What a recipe reaches on the test images, over several seeds.

Each seed is one `nin train RECIPE --seed SEED`: part of the training images is held out to watch
it, the test images are looked at once, at the end. `results/photos.json` was made on 3,781
photographs of clothes in ten unbalanced classes, shorter side 160 pixels (clothing-small, CC0),
with that folder's own train/, validation/ and test/.

Run: python benchmarks/recipes.py digits|fashion|FOLDER [SEEDS]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from record import Record, spread

import nin
from nin.training.recipes import choose


def measure(recipe: nin.Recipe) -> dict[str, Any]:
    """Train once."""
    with tempfile.TemporaryDirectory() as folder:
        run = nin.train(recipe, Path(folder) / "run")
        rows = run.metrics()
    result = run.record["result"]
    per_class = run.record["data"]["splits"][result["split"]]["per_class"]
    return {
        "accuracy": result["accuracy"],
        "loss": round(result["loss"], 4),
        "n": result["n"],
        "largest_class": round(max(per_class.values()) / result["n"], 4),
        "validation_accuracy": round(rows[-1]["val_accuracy"], 4),
        "seconds": result["seconds"],
        "images_per_second": rows[-1]["images_per_second"],
        "parameters": run.record["parameters"],
        "epochs": recipe.epochs,
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy and seconds over the seeds."""
    return {key: spread([row[key] for row in rows]) for key in ("accuracy", "seconds")}


def main() -> None:
    """Measure what is not yet in the record."""
    what, *others = sys.argv[1:]
    name = what if what in nin.RECIPES else "photos"
    record = Record(name, (__doc__ or "").splitlines()[0])
    recipe = choose(what, None)
    sys.argv[1] = Path(what).name
    for seed in range(int(others[0]) if others else 3):
        if not record.has(seed=seed):
            row = measure(recipe.revised(seed=seed))
            record.add(summary, seed=seed, **row)
            print(name, seed, row, flush=True)


if __name__ == "__main__":
    main()
