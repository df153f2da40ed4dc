"""What bfloat16 changes: the same trainings in float32 and in bfloat16, seed by seed.

Each is one ``nin train RECIPE --precision PRECISION --seed SEED``; accuracy is that on the images
that the recipe judges by. Photographs are trained on from scratch, at 128×128 pixels. How fast each
is belongs to speed.py: nothing here is timed.

Run: python benchmarks/precision.py [FOLDER] [--recipes digits fashion book scratch] [--seeds 3]
FOLDER holds the photographs that `scratch` is trained on. An interrupted measurement is continued.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path
from typing import Any

import keras
from recipes import told
from record import Record, spread

import nin

PRECISIONS = ("float32", "bfloat16")


def measure(recipe: nin.Recipe) -> dict[str, Any]:
    """Train once."""
    keras.backend.clear_session()
    with tempfile.TemporaryDirectory() as folder:
        said = told(nin.train(recipe, Path(folder) / "run"))
    return {name: said[name] for name in ("accuracy", "loss", "n", "validation_accuracy")}


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each recipe: accuracy in both precisions, and their difference seed by seed."""
    made: dict[str, Any] = {}
    for name in dict.fromkeys(row["recipe"] for row in rows):
        by = {
            precision: {
                row["seed"]: row
                for row in rows
                if (row["recipe"], row["precision"]) == (name, precision)
            }
            for precision in PRECISIONS
        }
        both = sorted(set.intersection(*(set(found) for found in by.values())))
        if not both:
            continue
        exact, rough = ([by[precision][seed] for seed in both] for precision in PRECISIONS)
        pairs = list(zip(exact, rough, strict=True))
        made[name] = {
            "float32": spread([row["accuracy"] for row in exact]),
            "bfloat16": spread([row["accuracy"] for row in rough]),
            "difference": spread([b["accuracy"] - a["accuracy"] for a, b in pairs]),
        }
    return made


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="photographs, for scratch")
    parser.add_argument("--recipes", nargs="+", default=["digits", "fashion", "book", "scratch"])
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    if "scratch" in asked.recipes and asked.folder is None:
        parser.error("scratch needs FOLDER")
    return asked


def main() -> None:
    """Measure what is not yet in the record, both precisions of a seed one after the other."""
    asked = arguments()
    record = Record("precision", (__doc__ or "").splitlines()[0])
    for name, seed, precision in itertools.product(asked.recipes, range(asked.seeds), PRECISIONS):
        key = {"recipe": name, "precision": precision, "seed": seed}
        if record.has(**key):
            continue
        recipe = nin.RECIPES[name].revised(seed=seed, precision=precision)
        if name == "scratch":
            recipe = recipe.revised(data=str(asked.folder), image_size=128, shift=8)
        row = measure(recipe)
        record.add(summary, **key, **row)
        print(key, row, flush=True)


if __name__ == "__main__":
    main()
