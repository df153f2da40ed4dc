"""Classes of unequal size: what weights in the loss and balanced sampling do for the small ones.

The recipe for photographs, from scratch, at 96×96 pixels; the same seeds each way:

- ``none``: every image counts alike.
- ``weights``: the loss of an image is weighted inversely to the size of its class.
- ``sampling``: each epoch draws its images with replacement, all classes equally likely.

Small classes are the half with the fewest training images. Recalls of single classes are means over
few images; the ways are compared by the mean recall over the small classes, over all classes, and
by accuracy. The validation images say which way is better, the test images what it is worth.

Run: python benchmarks/balance.py FOLDER [SEEDS]
FOLDER has a directory per class, perhaps inside train/, validation/ and test/. An interrupted
measurement is continued with the next training.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, get_args

from record import Record, spread

import nin
from nin.data.balance import Balance
from nin.training.runs.dataset import open_images

RECIPE = nin.RECIPES["scratch"].revised(image_size=96, shift=6)
WAYS = get_args(Balance)


def measure(recipe: nin.Recipe) -> dict[str, Any]:
    """Train once; what the validation and the test images say."""
    data = open_images(recipe)
    train = data.describe()["splits"]["train"]["per_class"]
    with tempfile.TemporaryDirectory() as folder:
        model = nin.train(recipe, Path(folder) / "run").model
    parts = {"validation": data.validation_split, "test": data.test}
    judged = {part: nin.evaluate(model, split, data.classes) for part, split in parts.items()}
    return {
        "train": train,
        **{part: told(evaluation, small(train)) for part, evaluation in judged.items()},
    }


def small(train: dict[str, int]) -> list[str]:
    """The half of the classes with the fewest training images."""
    return sorted(train, key=train.__getitem__)[: len(train) // 2]


def told(evaluation: Any, smaller: list[str]) -> dict[str, Any]:
    """Accuracy, the mean recalls, and the recall of each class that has images."""
    recalls = {
        row["class"]: round(row["recall"], 4)
        for row in evaluation.per_class()
        if row["recall"] is not None
    }
    few = [recall for name, recall in recalls.items() if name in smaller]
    return {
        "n": evaluation.n,
        "accuracy": round(evaluation.accuracy, 4),
        "recall": round(statistics.fmean(recalls.values()), 4),
        "recall_small": round(statistics.fmean(few), 4),
        "recalls": recalls,
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Each way's figures over the seeds, for both parts."""
    made: dict[str, Any] = {}
    for way in dict.fromkeys(row["way"] for row in rows):
        for part in ("validation", "test"):
            results = [row[part] for row in rows if row["way"] == way]
            made.setdefault(part, {})[way] = {
                key: spread([result[key] for result in results])
                for key in ("accuracy", "recall", "recall_small")
            }
    return made


def main() -> None:
    """Measure what is not yet in the record."""
    folder, *others = sys.argv[1:]
    sys.argv[1] = Path(folder).name
    record = Record("balance", (__doc__ or "").splitlines()[0])
    for seed in range(int(others[0]) if others else 3):
        for way in WAYS:
            if not record.has(way=way, seed=seed):
                row = measure(RECIPE.revised(data=folder, balance=way, seed=seed))
                record.add(summary, way=way, seed=seed, **row)
                print(way, seed, row["validation"], flush=True)


if __name__ == "__main__":
    main()
