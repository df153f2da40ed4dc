"""Spread a comparison over Dask workers: two processes of this machine, or a cluster of many.

`nin.compare` trains on joblib's workers, and joblib takes Dask's. Results come back to this
process, which alone writes them; a run that was stopped goes on where it was.

Run: python examples/compare_with_dask.py [tcp://SCHEDULER:8786]
Needs: pip install 'nin[cluster]'
"""

from __future__ import annotations

import sys

import joblib
from dask.distributed import Client

import nin


def main() -> None:
    """Compare two networks on the digits."""
    where = {"address": sys.argv[1]} if sys.argv[1:] else {"n_workers": 2, "threads_per_worker": 1}
    recipe = nin.RECIPES["digits"].revised(epochs=2, image_size=28)
    nets = nin.named_contenders(["mnist", "lenet"])
    with Client(**where), joblib.parallel_config("dask"):
        comparison = nin.compare(nets, recipe, out="runs/dask", rates=[0.001, 0.003], seeds=2)
    for row in comparison.rows:
        print(row.net, row.cost.parameters.total, row.accuracies)


if __name__ == "__main__":
    main()
