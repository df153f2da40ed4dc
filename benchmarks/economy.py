"""Parameter economy: every network, the chapter's exercises and the paper's heads.

At a size that two cores can afford, which is far from the book's: 4,000 training images of
Fashion-MNIST, 2 epochs, 3 seeds; each network's learning rate is chosen by the same search on
held-out training images.

- ``compare``: all networks at 67×67 pixels, the smallest that all of them can take.
- ``time``: NiN, AlexNet and VGG-11 at a quarter of its width, 10 seconds of training each and
  10,000 training images, in place of epochs.
- ``ablate``: the exercises, on the book's NiN at a quarter of its width and 128×128 pixels, where
  the last maps have more than one cell.
- ``heads``: global average pooling against a fully connected layer with and without dropout, on
  the paper's CIFAR-10 network (its section 4.2), by the recipe ``cifar10`` but for its length; only
  with --long.

Where the processor can, oneDNN multiplies in bfloat16 and adds in float32; with --long bfloat16 is
the trainings' own precision.

With --long, on all training images and with a search in trainings a quarter as long: ``compare``
for 2 minutes each, ``ablate`` for 6 epochs, ``heads`` for 30. How many steps fit into the minutes
is measured beforehand, on an otherwise idle machine, which the trainings may then share; or
--speeds names the folder of what was measured on another machine.

Run: python benchmarks/economy.py compare|time|ablate|heads [--jobs 1] [--long] [--speeds FOLDER]
[--data FOLDER]
Takes half an hour to an hour on 2 cores, an hour and a half with --long; an interrupted measurement
is continued.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("ONEDNN_DEFAULT_FPMATH_MODE", "STRICT" if "--long" in sys.argv else "BF16")

from record import RESULTS, commit

from nin.files import write_json
from nin.models import RIVALS
from nin.study import compare, exercise_contenders
from nin.study.comparison import RECIPE
from nin.training.recipes import find_recipe

SMALL = RECIPE.revised(limit=4000, epochs=2, validation=1 / 30)
ALL = RECIPE.revised(validation=1 / 12)
HEADS = Path(__file__).with_name("heads.py")
STUDIES: dict[str, dict[str, Any]] = {
    "compare": {
        "nets": ["nin", *RIVALS],
        "recipe": SMALL,
        "title": "Accuracy and what it costs",
    },
    "time": {
        "nets": ["nin", "alexnet", "vgg11-quarter"],
        "recipe": SMALL.revised(limit=10_000),
        "seconds": 10.0,
        "title": "Accuracy after 10 seconds of training",
    },
    "ablate": {
        "nets": exercise_contenders([], "book", width=0.25),
        "recipe": SMALL.revised(image_size=128),
        "title": "The chapter's exercises",
    },
}
#: What is otherwise in the long ones.
LONG: dict[str, dict[str, Any]] = {
    "compare": {
        "recipe": ALL,
        "seconds": 120.0,
        "search_share": 0.25,
        "title": "Accuracy after two minutes of training",
    },
    "ablate": {"recipe": ALL.revised(epochs=6, image_size=128), "search_share": 0.25},
    "heads": {
        "nets": {
            "global average": f"{HEADS}:average",
            "fully connected": f"{HEADS}:dense",
            "fully connected, dropout": f"{HEADS}:dense_with_dropout",
        },
        "recipe": find_recipe("cifar10").revised(epochs=30),
        "rates": (0.001, 0.002, 0.004),
        "search_share": 0.25,
        "measured": False,
        "title": "Heads on the paper's CIFAR-10 network",
    },
}


def main() -> None:
    """Compare, and write the record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("study", choices=[*STUDIES, *(LONG.keys() - STUDIES.keys())])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--speeds", type=Path, help="measured/ of a comparison elsewhere")
    parser.add_argument("--data", help="a folder of the same images, in place of the recipe's")
    asked = parser.parse_args()
    study = STUDIES.get(asked.study, {}) | (LONG[asked.study] if asked.long else {})
    made = compare(
        **study,
        out=f"runs/economy-{asked.study}{'-long' if asked.long else ''}",
        data=asked.data,
        seeds=3,
        jobs=asked.jobs,
        speeds=asked.speeds,
    )
    claim = (__doc__ or "").splitlines()[0]
    record = {
        "claim": claim,
        "commit": commit(),
        "onednn_fpmath_mode": os.environ["ONEDNN_DEFAULT_FPMATH_MODE"],
        "comparison": made.model_dump(mode="json"),
    }
    write_json(RESULTS / f"{asked.study}.json", record)


if __name__ == "__main__":
    main()
