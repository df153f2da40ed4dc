"""Whether one training came to what another did, to the bit."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import load_file


def assert_same_training(one, other):
    """Weights, optimiser, every epoch and the result: all but how long they took."""
    for name in ("weights", "checkpoint"):
        ours, theirs = (load_file(run.path / f"{name}.safetensors") for run in (one, other))
        assert ours.keys() == theirs.keys()
        for key in ours:
            np.testing.assert_array_equal(ours[key], theirs[key], err_msg=f"{name}: {key}")
    rows, others = ([*map(timeless, run.metrics())] for run in (one, other))
    assert rows == others
    assert timeless(one.record["result"]) == timeless(other.record["result"])
    assert one.record["health"] == other.record["health"]


def timeless(row):
    return {name: value for name, value in row.items() if "second" not in name}
