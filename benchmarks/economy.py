"""Parameter economy: every network, and the chapter's exercises, on Fashion-MNIST.

At a size that two cores can afford, which is far from the book's: 4,000 training images, 2 epochs,
3 seeds; each network's learning rate is chosen by the same search on held-out training images.

- ``compare``: all networks at 67×67 pixels, the smallest that all of them can take.
- ``time``: NiN, AlexNet and VGG-11 at a quarter of its width, 10 seconds of training each and
  10,000 training images, in place of epochs.
- ``ablate``: the exercises, on the book's NiN at a quarter of its width and 128×128 pixels, where
  the last maps have more than one cell.

Where the processor can, oneDNN multiplies in bfloat16 and adds in float32; with --long bfloat16 is
the trainings' own precision.

With --long, on all training images and with a search in trainings a quarter as long: ``compare``
for 5 minutes each, ``ablate`` for 6 epochs. How many steps fit into the minutes is measured
beforehand, on an otherwise idle machine, which the trainings may then share.

Run: python benchmarks/economy.py compare|time|ablate [JOBS] [--long]
Takes half an hour to an hour on 2 cores, three hours with --long; an interrupted measurement is
continued.
"""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ.setdefault("ONEDNN_DEFAULT_FPMATH_MODE", "STRICT" if "--long" in sys.argv else "BF16")

from record import RESULTS, commit

from nin.files import write_json
from nin.models import RIVALS
from nin.study import compare, exercise_contenders
from nin.study.comparison import RECIPE

SMALL = RECIPE.revised(limit=4000, epochs=2, validation=1 / 30)
ALL = RECIPE.revised(validation=1 / 12)
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
        "seconds": 300.0,
        "search_share": 0.25,
        "title": "Accuracy after five minutes of training",
    },
    "ablate": {"recipe": ALL.revised(epochs=6, image_size=128), "search_share": 0.25},
}


def main() -> None:
    """Compare, and write the record."""
    what, *jobs = (word for word in sys.argv[1:] if word != "--long")
    is_long = len(jobs) + 2 < len(sys.argv)
    study = STUDIES[what] | (LONG[what] if is_long else {})
    made = compare(
        **study,
        out=f"runs/economy-{what}{'-long' if is_long else ''}",
        seeds=3,
        jobs=int(jobs[0]) if jobs else 1,
    )
    claim = (__doc__ or "").splitlines()[0]
    record = {
        "claim": claim,
        "commit": commit(),
        "onednn_fpmath_mode": os.environ["ONEDNN_DEFAULT_FPMATH_MODE"],
        "comparison": made.model_dump(mode="json"),
    }
    write_json(RESULTS / f"{what}.json", record)


if __name__ == "__main__":
    main()
