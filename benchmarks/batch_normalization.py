"""What batch normalisation by the backend's own operator is worth, beside Keras's.

The same networks, weights and batch, once with nin's layer as it is and once with what it inherits
from Keras: a step of training, and a prediction. Everything else of a training is left out.

Run: python benchmarks/batch_normalization.py [ROUNDS], with KERAS_BACKEND for another backend
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from itertools import product
from statistics import median
from typing import Any

import keras
import numpy as np
from record import Record

from nin.models.batch_normalization import BatchNormalization
from nin.models.zoo import named_net
from nin.training.precision import precision_policy

#: Network, side of its images, images of a batch.
NETWORKS = (("deep", 32, 128), ("resnet18", 96, 64), ("densenet", 96, 32))
PRECISIONS = ("bfloat16", "float32")
LAYERS = {"nin": BatchNormalization.call, "Keras": keras.layers.BatchNormalization.call}
#: How long each is called, in seconds.
SECONDS = 3.0


def images_per_second(call: Callable[[], Any], batch: int) -> float:
    """From the median time of a call; the first, which compiles, does not count."""
    call()
    took: list[float] = []
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return round(batch / median(took), 1)


def measure(network: str, side: int, batch: int, precision: str) -> dict[str, float]:
    """Images a second that a network trains on and predicts."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (batch, side, side, 3), np.uint8)
    labels = random.integers(0, 10, batch)
    with precision_policy(precision):
        model, shape = named_net(network, 10, (side, side, 3))
        model.build((None, *shape))
    model.compile(optimizer=keras.optimizers.AdamW(1e-3))
    return {
        "training": images_per_second(lambda: model.train_on_batch(images, labels), batch),
        "prediction": images_per_second(lambda: model.predict_on_batch(images), batch),
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each network and precision: the medians, and how many times as fast ours is."""
    cells: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        elsewhere = "" if row["backend"] == "tensorflow" else f", {row['backend']}"
        cells[f"{row['network']}, {row['side']} px, {row['precision']}{elsewhere}"].append(row)
    return {
        name: {phase: _medians(cell, phase) for phase in ("training", "prediction")}
        for name, cell in cells.items()
    }


def _medians(rows: list[dict[str, Any]], phase: str) -> dict[str, float]:
    found = {layer: median(row[layer][phase] for row in rows) for layer in LAYERS}
    return {**found, "ratio": round(found["nin"] / found["Keras"], 2)}


def main() -> None:
    """Measure what is not yet in the record, the two layers in turn."""
    record = Record("batch_normalization", (__doc__ or "").splitlines()[0])
    rounds = range(int(sys.argv[1]) if sys.argv[1:] else 3)
    for number, (network, side, batch), precision in product(rounds, NETWORKS, PRECISIONS):
        key = {"network": network, "side": side, "precision": precision, "round": number}
        key["backend"] = keras.config.backend()
        if record.has(**key):
            continue
        row = {}
        for layer, call in list(LAYERS.items())[:: 1 if number % 2 == 0 else -1]:
            BatchNormalization.call = call  # type: ignore[method-assign]
            row[layer] = measure(network, side, batch, precision)
        print(key, row, flush=True)
        record.add(summary, **key, batch=batch, **row)


if __name__ == "__main__":
    main()
