"""Parameter economy: every network, and the chapter's exercises, on Fashion-MNIST.

Each network's learning rate is chosen by the same search, in trainings a quarter as long, on
held-out training images; 3 seeds; in bfloat16 where that is faster.

- ``compare``: all networks at 67×67 pixels, the smallest that all of them can take, trained for the
  same time: 5 minutes each. How many steps that is, is measured beforehand, network by network, on
  an otherwise idle machine; the trainings themselves may then share it.
- ``epochs``: those that train fast enough, for 4 epochs each.
- ``ablate``: the exercises, on the book's NiN at a quarter of its width and 128×128 pixels, where
  the last maps have more than one cell; 6 epochs.

Run: python benchmarks/economy.py compare|epochs|ablate [JOBS]
Takes three hours each on 2 cores; an interrupted measurement is continued.
"""

from __future__ import annotations

import sys
from typing import Any

from record import RESULTS, commit

from nin.files import write_json
from nin.models import RIVALS
from nin.study import compare, exercise_contenders
from nin.study.comparison import RECIPE

LONG = RECIPE.revised(validation=1 / 12)
STUDIES: dict[str, dict[str, Any]] = {
    "compare": {
        "nets": ["nin", *RIVALS],
        "recipe": LONG,
        "seconds": 300.0,
        "title": "Accuracy after five minutes of training",
    },
    "epochs": {
        "nets": ["nin", "lenet", "alexnet", "vgg11-quarter", "densenet"],
        "recipe": LONG.revised(epochs=4, image_size=67),
        "title": "Accuracy after four epochs",
    },
    "ablate": {
        "nets": exercise_contenders([], "book", width=0.25),
        "recipe": LONG.revised(epochs=6, image_size=128),
        "title": "The chapter's exercises",
    },
}


def main() -> None:
    """Compare, and write the record."""
    what, *jobs = sys.argv[1:]
    made = compare(
        **STUDIES[what],
        out=f"runs/economy-{what}",
        seeds=3,
        search_share=0.25,
        jobs=int(jobs[0]) if jobs else 1,
    )
    claim = (__doc__ or "").splitlines()[0]
    record = {
        "claim": claim,
        "commit": commit(),
        "comparison": made.model_dump(mode="json"),
    }
    write_json(RESULTS / f"{what}.json", record)


if __name__ == "__main__":
    main()
