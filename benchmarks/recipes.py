"""What a recipe reaches on the test images, over several seeds, and how soon.

Each seed is one `nin train RECIPE --seed SEED`: part of the training images is held out to watch
it. The test images are looked at after each epoch, off the clock, to see when an accuracy is
reached; nothing is chosen by that. The clock starts before the images are read.

Run: python benchmarks/recipes.py digits|fashion|book [SEEDS]; for folders of photographs, photos.py
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import keras
from record import Record, median_and_spread, spread

import nin
from nin.training.recipes import find_recipe
from nin.training.runs.dataset import open_images
from nin.training.runs.evaluation_images import final_split

#: What the book prints after ten epochs, and what its best network reaches.
GOALS = (0.87, 0.9)


class Watch(keras.callbacks.Callback):
    """Asks about the test images after each epoch, and when each goal was reached."""

    def __init__(self, recipe: nin.Recipe) -> None:
        super().__init__()
        self.data = open_images(recipe)
        self.curve: list[dict[str, float]] = []
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Ask, with the clock stopped."""
        now = time.perf_counter()
        _, split = final_split(self.data)
        accuracy = nin.evaluate(self.model, split, self.data.classes).accuracy
        self.curve.append({"seconds": round(now - self.began, 1), "accuracy": accuracy})
        self.began += time.perf_counter() - now

    def reached(self, goal: float) -> float | None:
        """After how many seconds; None if never."""
        return next((at["seconds"] for at in self.curve if at["accuracy"] >= goal), None)


def measure(recipe: nin.Recipe) -> dict[str, Any]:
    """Train once."""
    watch = Watch(recipe)
    with tempfile.TemporaryDirectory() as folder:
        made = told(nin.train(recipe, Path(folder) / "run", callbacks=[watch]))
    seconds = watch.curve[-1]["seconds"]
    reached = {str(goal): watch.reached(goal) for goal in GOALS}
    return {**made, "seconds": seconds, "seconds_to": reached, "curve": watch.curve}


def told(run: nin.Run) -> dict[str, Any]:
    """What a finished run says of itself."""
    rows = run.metrics()
    result = run.record["result"]
    per_class = run.record["data"]["splits"][result["split"]]["per_class"]
    return {
        "accuracy": result["accuracy"],
        "loss": round(result["loss"], 4),
        "n": result["n"],
        "largest_class": round(max(per_class.values()) / result["n"], 4),
        "validation_accuracy": round(rows[-1]["val_accuracy"], 4),
        "seconds": rows[-1]["seconds"],
        "images_per_second": rows[-1]["images_per_second"],
        "parameters": run.record["parameters"],
        "epochs": run.record["recipe"]["epochs"],
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy and seconds over the seeds; medians of the seconds to a goal all have reached."""
    told = {key: spread([row[key] for row in rows]) for key in ("accuracy", "seconds")}
    for goal in map(str, GOALS):
        taken = [row.get("seconds_to", {}).get(goal) for row in rows]
        if None not in taken:
            told[f"seconds_to_{goal}"] = median_and_spread(taken)
    return told


def main() -> None:
    """Measure what is not yet in the record."""
    name, *others = sys.argv[1:]
    record = Record(name, (__doc__ or "").splitlines()[0])
    recipe = find_recipe(name)
    for seed in range(int(others[0]) if others else 3):
        if not record.has(seed=seed):
            row = measure(recipe.revised(seed=seed))
            record.add(summary, seed=seed, **row)
            print(name, seed, row, flush=True)


if __name__ == "__main__":
    main()
