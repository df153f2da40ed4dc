"""The share of seeds that learn: the book's NiN, as printed and with our start.

Fashion-MNIST resized to 96×96, batches of 64, 300 steps; a seed has learnt when the accuracy on
2,000 held-out training images is 0.6 or more. Three ways to train the same network:

- ``printed``: the chapter's class and plain SGD at 0.05, weights as Keras initialises them.
- ``trainer``: the same class and optimiser through `nin.Trainer`.
- ``recipe``: the same layers, `nin.Trainer`, AdamW with warm-up, cosine decay and clipping.

Run: python benchmarks/learning.py [SEEDS]
Takes about 45 s a seed and way on 2 cores; an interrupted measurement is continued.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import keras
from book.chapter_network import NiN
from record import Record, spread

import nin
from nin.training.recipe import Recipe
from nin.training.runs.dataset import open_images
from nin.training.schedule import optimizer

STEPS = 300
LEARNT = 0.6
RECIPE = Recipe(
    name="learning",
    data="fashion-mnist",
    image_size=96,
    epochs=1,
    batch_size=64,
    optimizer="adamw",
    learning_rate=0.002,
    warmup=30,
    clip_norm=1.0,
    validation=1 / 30,
    limit=STEPS * 64,
)


def trainer(way: str) -> nin.Trainer:
    """The `Trainer` of one way to train."""
    if way == "printed":
        return nin.Trainer(max_epochs=1, initialize=False, verbose=False)
    if way == "trainer":
        return nin.Trainer(max_epochs=1, verbose=False)
    return nin.Trainer(
        max_epochs=1,
        gradient_clip_val=RECIPE.clip_norm,
        optimizer=optimizer(RECIPE, STEPS),
        verbose=False,
    )


def measure(way: str, seed: int) -> dict[str, Any]:
    """Train once; what the held-out images say, and what the health watch saw."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    data = open_images(RECIPE.revised(seed=seed))
    model = NiN(lr=0.05)
    chosen = trainer(way)
    began = time.perf_counter()
    chosen.fit(model, data)
    assert chosen.health is not None
    result = nin.evaluate(model, data.validation_split, data.classes)
    return {
        "accuracy": result.accuracy,
        "loss": round(result.loss, 4),
        "seconds": round(time.perf_counter() - began, 1),
        "findings": [finding.kind for finding in chosen.health.findings],
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Each way's share of seeds that learn, and the spread of its accuracy."""
    ways = dict.fromkeys(row["way"] for row in rows)
    accuracies = {way: [row["accuracy"] for row in rows if row["way"] == way] for way in ways}
    return {
        way: {"learnt": sum(value >= LEARNT for value in values), **spread(values)}
        for way, values in accuracies.items()
    }


def main() -> None:
    """Measure what is not yet in the record."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    record = Record("learning", (__doc__ or "").splitlines()[0])
    for seed in range(seeds):
        for way in ("printed", "trainer", "recipe"):
            if not record.has(way=way, seed=seed):
                row = measure(way, seed)
                record.add(summary, way=way, seed=seed, **row)
                print(way, seed, row, flush=True)


if __name__ == "__main__":
    main()
