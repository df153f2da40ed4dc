"""Spread a comparison over Dask workers: two processes of this machine, or a cluster of many.

`nin.compare` trains on joblib's workers, and joblib takes Dask's. Results come back to this
process, which alone writes them; a run that was stopped continues where it was.

Run: python examples/compare_with_dask.py [tcp://SCHEDULER:8786]
Needs: pip install 'keras-nin[cluster]'
"""

from __future__ import annotations

import logging
import sys

import joblib
from dask.distributed import Client

import nin


def main() -> None:
    """Compare two networks on the digits."""
    here = {"n_workers": 2, "threads_per_worker": 1, "silence_logs": logging.ERROR}
    where = {"address": sys.argv[1]} if sys.argv[1:] else here
    recipe = nin.RECIPES["digits"].revised(epochs=2)
    nets = [
        nin.Contender("quarter NiN", "NiN", {"preset": "mnist", "width": 0.25}),
        nin.Contender("LeNet", "LeNet", {}),
    ]
    with Client(**where), joblib.parallel_config("dask"):
        comparison = nin.compare(
            nets, recipe, out="runs/dask", rates=[0.003, 0.01], seeds=2, measured=False
        )
    for row in comparison.rows:
        print(f"{row.net}: {row.cost.parameters.total:,} parameters, {row.accuracies}")


if __name__ == "__main__":
    main()
