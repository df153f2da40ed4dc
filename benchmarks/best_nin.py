"""Which NiN of at most a million parameters is best: tables of stages on held-out images.

The published layers, the same with batch normalisation, and two deeper tables with it: windows of
3×3 and their 1×1 convolutions, linear class maps. Each is trained by the recipe of the data set;
no test image is looked at. It goes on where it was stopped.

Run: python benchmarks/best_nin.py fashion28|cifar10 [--data FOLDER] [--epochs 20] [--seeds 2]
[--dropout 0.2] [--rate 0.004] [--jobs 1]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import nin
from nin.networks.stages import CLASSES, Stage
from nin.training.recipes import find_recipe

MOST = 1_000_000
WIDE = (
    Stage((64,), 3),
    Stage((96, 96), 3, pool="same", dropout=0.5),
    Stage((160,), 3),
    Stage((160, 160), 3, pool="same", dropout=0.5),
    Stage((192,), 3),
    Stage((192, 192), 1, dropout=0.5),
    Stage((CLASSES,), 1, last_relu=False),
)


def contenders(preset: str, dropout: float, rate: float) -> list[nin.Contender]:
    """The candidates; of those without batch normalisation only the published layers."""
    cutmix = {"cutmix": 1.0, "mixup_prob": 0.5}
    rows: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("as published", {"preset": preset}, {"learning_rate": 0.002}),
        ("with batch normalisation", {"preset": preset, "batch_norm": True}, {}),
        ("deep", {"preset": "deep"}, {}),
        ("deep, half the rate", {"preset": "deep"}, {"learning_rate": rate / 2}),
        ("deep, twice the rate", {"preset": "deep"}, {"learning_rate": 2 * rate}),
        ("deep, average pooling", {"preset": "deep", "pooling": "average"}, {}),
        ("deep, CutMix", {"preset": "deep"}, cutmix),
        ("wide", {"stages": WIDE, "batch_norm": True}, {}),
    ]
    return [
        nin.Contender(name, "NiN", {"dropout": dropout, **network}, changes=changes)
        for name, network, changes in rows
    ]


def main() -> None:
    """Compare what is not yet in the folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipe", choices=["fashion28", "cifar10"])
    parser.add_argument("--data", help="a folder of the same images, in place of the recipe's")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--rate", type=float, default=0.004)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    recipe = find_recipe(asked.recipe).revised(epochs=asked.epochs)
    if asked.data is not None:
        recipe = recipe.revised(data=asked.data)
    networks = contenders(recipe.preset, asked.dropout, asked.rate)
    shape = (recipe.image_size, recipe.image_size, 1 if asked.recipe == "fashion28" else 3)
    for each in networks:
        assert nin.count_cost(each.make(10), shape).parameters.total <= MOST, each.name
    found = nin.compare(
        networks,
        recipe,
        out=Path("runs/best") / asked.recipe,
        title=f"NiNs of at most {MOST:,} parameters",
        rates=[asked.rate],
        seeds=asked.seeds,
        jobs=asked.jobs,
        measured=False,
        judged_on="validation",
    )
    for row in found.rows:
        print(row.net, row.cost.parameters.total, row.accuracies, row.learning_rate)


if __name__ == "__main__":
    main()
