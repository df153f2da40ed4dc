"""Whether the networks of the book's notebooks learn, as typed and trained by its own cells.

Each cell that trains on Fashion-MNIST runs as it stands, but for its size: four epochs of the first
6,000 training images in batches of 32, judged by the first 1,000 test images, and 112 pixels where
the book has 224. A network has learnt if the 95 % interval of its accuracy lies above one in ten.

Run: python benchmarks/book_learning.py [--seeds 3]; what is in the record is not run again.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from typing import Any

import keras
import matplotlib as mpl
from book.cells import NOTEBOOKS, Outcome, cells, outcomes
from record import Record, spread
from scipy.stats import binomtest

from nin.data import FashionMNIST, Split

EPOCHS, IMAGES, JUDGED = 4, 6000, 1000
SIZES = {
    r"max_epochs=\d+": f"max_epochs={EPOCHS}",
    r"batch_size=\d+": "batch_size=32",
    r"\b224\b": "112",
}
#: The notebooks of the networks, from LeNet to design spaces.
NETWORKS = [path for path in NOTEBOOKS if path.stem >= "05"]


class Some(FashionMNIST):
    """The first images of each part of Fashion-MNIST."""

    def load(self, part: Any) -> Any:
        """As many as `IMAGES` and `JUDGED` say."""
        return {
            name: Split(split.images[:count], split.labels[:count])
            for name, split in super().load(part).items()
            for count in [JUDGED if name == "test" else IMAGES]
        }


def learnt(outcome: Outcome) -> dict[str, Any] | None:
    """The row of a cell that trained a network to its end."""
    if outcome.history is None or "val_accuracy" not in outcome.history:
        return None
    accuracy = outcome.history["val_accuracy"][-1]
    interval = binomtest(round(accuracy * JUDGED), JUDGED).proportion_ci(method="wilson")
    return {
        "accuracy": round(accuracy, 4),
        "learnt": bool(interval.low > 1 / 10),
        "seconds": round(outcome.seconds, 1),
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each cell: how many seeds learnt, and the accuracy over them."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        for cell, each in row["cells"].items():
            found[f"{row['notebook']}/{cell}"].append(each)
    return {
        name: {
            "learnt": sum(each["learnt"] for each in cell),
            "accuracy": spread([each["accuracy"] for each in cell]),
        }
        for name, cell in found.items()
    }


def main() -> None:
    """Run the notebooks that are not yet in the record, a seed of each at a time."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    mpl.use("Agg")
    record, backend = (
        Record("book_learning", (__doc__ or "").splitlines()[0]),
        keras.config.backend(),
    )
    for seed in range(asked.seeds):
        for path in NETWORKS:
            key = {"notebook": path.stem, "backend": backend, "seed": seed}
            if record.has(**key):
                continue
            keras.backend.clear_session()
            keras.utils.set_random_seed(seed)
            made = {each.cell.name: learnt(each) for each in outcomes(cells(path, SIZES), Some)}
            record.add(summary, **key, cells={name: row for name, row in made.items() if row})
            print(key, record.rows[-1]["cells"], flush=True)


if __name__ == "__main__":
    main()
