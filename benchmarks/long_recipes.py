"""What a recipe that takes hours reaches on the test images, one row per seed.

Each seed is one `nin train RECIPE --seed SEED`, kept in a run directory of its own: stopped at any
time, by whatever, the same command continues from its last checkpoint. Test images are looked at
once, when a training has ended; the curve is that of held-out training images. Where the recipe
mirrors its images, the mean of the predictions for an image and its mirror is a second result.

Run: python benchmarks/long_recipes.py RECIPE [--seeds 3] [--data FOLDER] [--runs runs/records],
where RECIPE is cifar10, cifar10-deep, cifar100, svhn, mnist, fashion28 or fashion28-deep; quicker
recipes, and when they reach a goal: recipes.py
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from recipes import told
from record import Record, spread
from scipy.special import softmax

import nin
from nin.data.loader import as_numpy
from nin.training.recipes import find_recipe
from nin.training.runs.evaluation_images import final_split


def trained(recipe: nin.Recipe, path: Path) -> nin.Run:
    """The finished run at `path`: as it is, gone on with, or begun."""
    if not (path / "run.json").exists():
        return nin.train(recipe, path)
    run = nin.load(path)
    return run if run.record["state"] == "finished" else nin.resume(path)


def row(run: nin.Run) -> dict[str, Any]:
    """What is kept of a finished run."""
    rows = run.metrics()
    return {
        **told(run),
        "data": run.record["data"]["name"],
        "precision": run.recipe.precision,
        "recipe": run.recipe.model_dump(mode="json", exclude_defaults=True, exclude={"data"}),
        "epoch": run.record["result"]["epoch"],
        "hours": round(rows[-1]["seconds"] / 3600, 2),
        "curve": [round(each["val_accuracy"], 4) for each in rows],
        **({"accuracy_mirrored": mirrored(run)} if run.recipe.flip else {}),
    }


def mirrored(run: nin.Run) -> float:
    """Accuracy on the test images by the mean of two predictions: for an image and its mirror."""
    _, test = final_split(run.images.open())
    predictions = [
        softmax(as_numpy(run.model.predict(images, verbose=0)), axis=1)
        for images in (test.images, test.images[:, :, ::-1])
    ]
    return round(float((sum(predictions).argmax(axis=1) == test.labels).mean()), 4)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Over the seeds; of what earlier rows do not have, nothing."""
    keys = ("accuracy", "accuracy_mirrored", "loss", "hours")
    return {
        key: spread([row[key] for row in rows]) for key in keys if all(key in row for row in rows)
    }


def main() -> None:
    """Train what is not yet in the record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", help="a folder of the same images, in place of the recipe's")
    parser.add_argument("--runs", type=Path, default=Path("runs/records"))
    asked = parser.parse_args()
    record = Record(asked.recipe, (__doc__ or "").splitlines()[0])
    recipe = find_recipe(asked.recipe)
    if asked.data is not None:
        recipe = recipe.revised(data=asked.data)
    for seed in range(asked.seeds):
        if not record.has(seed=seed):
            run = trained(recipe.revised(seed=seed), asked.runs / f"{asked.recipe}-{seed}")
            record.add(summary, run.record, seed=seed, **row(run))
            print(asked.recipe, seed, run.record["result"], flush=True)


if __name__ == "__main__":
    main()
