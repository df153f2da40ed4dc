"""How often a small folder of pictures is learnt from scratch, seed by seed.

``nin train FOLDER --preset book`` on 20, 40 and 120 pictures of each of 2 and 5 classes, looked at
with 67 and 128 pixels: photographs, sampled by seed from the train/ part of a larger folder, and
generated pictures that a glance tells apart, a coloured square on noise. Each training is judged by
120 (2 classes) or 200 (5 classes) pictures that it has not seen, as many of each class: for
photographs, those of the folder's validation/ and test/. It has learnt if the 95 % interval of its
accuracy lies above what always naming one class gives. It is dead if every logit of every judged
picture is zero, and has said so if it raised an error or left a finding in its record.

Run: python benchmarks/small_folders.py FOLDER [--seeds 20] [--kinds …] [--images …] [--classes …]
[--sides …]; an interrupted measurement is continued. What an earlier commit did is measured by this
file, copied into that commit's benchmarks/.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
from photos_subsets import listed, subset
from PIL import Image
from record import Record, spread
from scipy.stats import binomtest

import nin
from nin.errors import NinError

#: Classes → pictures of each to judge by.
JUDGED = {2: 60, 5: 40}
#: The squares' colours, a class each.
COLOURS = ((220, 40, 40), (40, 200, 60), (50, 80, 230), (230, 210, 40), (200, 60, 210))
#: The side of a generated picture, in pixels.
SIDE = 80


def generated(folder: Path, images: int, classes: int, seed: int) -> None:
    """Write coloured squares of any size and place on noise, a colour per class."""
    rng = np.random.default_rng(seed)
    for part, count in (("train", images), ("test", JUDGED[classes])):
        for name, colour in enumerate(COLOURS[:classes]):
            (folder / part / str(name)).mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
                side = rng.integers(SIDE // 4, SIDE // 2)
                top, left = rng.integers(0, SIDE - side, 2)
                pixels[top : top + side, left : left + side] = colour
                Image.fromarray(pixels).save(folder / part / str(name) / f"{number:03}.png")


def photographs(source: Path, folder: Path, images: int, classes: int, seed: int) -> None:
    """Link photographs of the classes that have most, `images` of each to train on."""
    parts = listed(source)
    largest = sorted(parts["train"], key=lambda each: (-len(parts["train"][each]), each))[:classes]
    subset(parts, folder, dict.fromkeys(largest, images), JUDGED[classes], seed)


def measure(folder: Path, side: int, seed: int) -> dict[str, Any]:
    """Train once on `folder`; what came of it."""
    keras.backend.clear_session()
    recipe = nin.RECIPES["scratch"].revised(
        data=str(folder), preset="book", image_size=side, seed=seed
    )
    path = folder.parent / "run"
    began = time.perf_counter()
    try:
        nin.train(recipe, path)
        stopped = False
    except NinError:
        stopped = True
    seconds = time.perf_counter() - began
    run = nin.load(path)
    right, n, dead = judged(run, recipe)
    interval = binomtest(right, n).proportion_ci(method="wilson")
    return {
        "accuracy": right / n,
        "n": n,
        "learnt": bool(interval.low > 1 / len(run.classes)),
        "dead": dead,
        "restarts": len(run.record.get("restarts", ())),
        "said": stopped or bool(run.record.get("health")),
        "seconds": round(seconds, 1),
    }


def judged(run: Any, recipe: Any) -> tuple[int, int, bool]:
    """How many of how many test pictures are named rightly, and whether the network is dead."""
    test = nin.ImageFolder(recipe.data, image_size=recipe.image_size).test
    logits = run.model.predict(test.images, verbose=0)
    dead = not np.isfinite(logits).all() or not logits.any()
    return int((logits.argmax(axis=1) == test.labels).sum()), len(test.labels), dead


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each cell: how many seeds learnt, died, and did not learn without a word."""
    cells: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        cells[f"{row['kind']}, {row['images']} × {row['classes']}, {row['side']} px"].append(row)
    return {
        name: {
            "learnt": sum(row["learnt"] for row in cell),
            "dead": sum(row["dead"] for row in cell),
            "silently_failed": sum(not row["learnt"] and not row["said"] for row in cell),
            "restarted": sum(row["restarts"] > 0 for row in cell),
            "accuracy": spread([row["accuracy"] for row in cell]),
        }
        for name, cell in cells.items()
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="photographs in train/, validation/ and test/")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--kinds", nargs="+", default=["generated", "photographs"])
    parser.add_argument("--images", nargs="+", type=int, default=[20, 40, 120])
    parser.add_argument("--classes", nargs="+", type=int, default=[2, 5])
    parser.add_argument("--sides", nargs="+", type=int, default=[67, 128])
    return parser.parse_args()


def main() -> None:
    """Measure what is not yet in the record, a seed of every cell at a time."""
    asked = arguments()
    record = Record("small_folders", (__doc__ or "").splitlines()[0])
    cells = itertools.product(
        range(asked.seeds), asked.sides, asked.images, asked.classes, asked.kinds
    )
    for seed, side, images, classes, kind in cells:
        key = {"kind": kind, "images": images, "classes": classes, "side": side, "seed": seed}
        if record.has(**key):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "pictures"
            if kind == "generated":
                generated(folder, images, classes, seed)
            else:
                photographs(asked.folder, folder, images, classes, seed)
            row = measure(folder, side, seed)
        record.add(summary, **key, **row)
        print(key, row, flush=True)


if __name__ == "__main__":
    main()
