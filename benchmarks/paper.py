"""What the parts of the paper's networks and of their training are worth, on Fashion-MNIST.

On 10,000 training images, by the recipe ``fashion28`` (the paper's network for MNIST) but for its
length; rates are chosen on held-out training images.

- ``heads``: the regularisation ablation of the paper's section 4.2: global average pooling against
  a fully connected layer, with and without dropout.
- ``ingredients``: the recipe as it is, and once without each ingredient that it has, or with one
  that it lacks; at the recipe's own rate, judged by held-out training images.

Run: python benchmarks/paper.py heads|ingredients [--jobs 1]
Takes ten minutes and an hour on 2 cores; an interrupted measurement is continued.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from record import RESULTS, commit

import nin
from nin.files import write_json
from nin.training.recipes import find_recipe

HEADS = Path(__file__).with_name("paper_heads.py")
RECIPE = find_recipe("fashion28").revised(limit=10_000, epochs=8)
STUDIES: dict[str, dict[str, Any]] = {
    "heads": {
        "nets": {
            "global average": f"{HEADS}:average",
            "fully connected": f"{HEADS}:dense",
            "fully connected, dropout": f"{HEADS}:dense_with_dropout",
        },
        "rates": (0.001, 0.002, 0.004),
        "search_share": 0.5,
        "title": "Heads on the paper's network for MNIST",
    },
    "ingredients": {
        "nets": nin.ingredient_contenders(RECIPE),
        "rates": (RECIPE.learning_rate,),
        "judged_on": "validation",
        "title": "What each ingredient of the recipe is worth",
    },
}


def main() -> None:
    """Compare, and write the record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("study", choices=STUDIES)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    validation = 1 / 12 if asked.study == "ingredients" else RECIPE.validation
    made = nin.compare(
        recipe=RECIPE.revised(validation=validation),
        **STUDIES[asked.study],
        out=f"runs/paper-{asked.study}",
        seeds=3,
        jobs=asked.jobs,
        measured=False,
    )
    claim = (__doc__ or "").splitlines()[0]
    record = {"claim": claim, "commit": commit(), "comparison": made.model_dump(mode="json")}
    # The files of networks are named from the repository's root.
    here = json.dumps(record, ensure_ascii=False).replace(f"{RESULTS.parent}/", "")
    write_json(RESULTS / f"{asked.study}.json", json.loads(here))


if __name__ == "__main__":
    main()
