"""Parameter economy: every network, and the chapter's exercises, on Fashion-MNIST.

Each network's learning rate is chosen by the same search on held-out training images; 3 seeds.

- ``time``: all networks at 67×67 pixels, the smallest that all of them can take, on all training
  images, 5 minutes of training each, and a tenth of that for each rate of the search. How many
  steps fit into the minutes is measured beforehand, on an otherwise idle machine, which the
  trainings may then share; or --speeds names the folder of what was measured on another machine.
- ``compare``: the same networks in 2 epochs of 4,000 training images.
- ``ablate``: the exercises, on the book's NiN at a quarter of its width and 112×112 pixels, four
  times what the images have, where the last maps have more than one cell; in 12 epochs of 10,000
  training images.

Trainings are in bfloat16 where the processor can; those of ``compare`` were in float32 with
products in bfloat16.

Run: python benchmarks/economy.py time|compare|ablate [--jobs 1] [--speeds FOLDER]
Takes half an hour to an hour and a half on 2 cores, ``time`` two and a half hours; an interrupted
measurement is continued.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from record import RESULTS, commit

from nin.files import write_json
from nin.models import RIVALS
from nin.study import compare, exercise_contenders
from nin.study.comparison import RECIPE

SMALL = RECIPE.revised(limit=4000, epochs=2, validation=1 / 30)
ALL = RECIPE.revised(validation=1 / 12)
STUDIES: dict[str, dict[str, Any]] = {
    "time": {
        "nets": ["nin", *RIVALS],
        "recipe": ALL,
        "seconds": 300.0,
        "search_share": 0.1,
        "title": "Accuracy after five minutes of training",
    },
    "compare": {
        "nets": ["nin", *RIVALS],
        "recipe": SMALL,
        "title": "Accuracy and what it costs",
    },
    "ablate": {
        "nets": exercise_contenders([], "book", width=0.25),
        "recipe": SMALL.revised(limit=10_000, epochs=12, image_size=112),
        "rates": (0.001, 0.003, 0.009),
        "search_share": 0.5,
        "title": "The chapter's exercises",
    },
}


def main() -> None:
    """Compare, and write the record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--speeds", type=Path, help="measured/ of a comparison elsewhere")
    asked = parser.parse_args()
    made = compare(
        **STUDIES[asked.study],
        out=f"runs/economy-{asked.study}",
        seeds=3,
        jobs=asked.jobs,
        speeds=asked.speeds,
    )
    claim = (__doc__ or "").splitlines()[0]
    record = {
        "claim": claim,
        "commit": commit(),
        "comparison": made.model_dump(mode="json"),
    }
    write_json(RESULTS / f"{asked.study}.json", record)


if __name__ == "__main__":
    main()
