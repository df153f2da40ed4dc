"""Whether a network answers better about several views of a photograph: test-time augmentation.

The answers about a photograph as it is, its mirrored copy, the same zoomed in, and brought to the
network's size the other way are averaged, over the held-out parts of FOLDER.

Run: python benchmarks/views.py FOLDER EXPORT...
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from record import Record
from scipy.stats import binomtest

from nin import ImageFolder
from nin.data.decoding.decode import RESIZE_MODES, decode
from nin.inference import FilePredictor

BATCH = 64
#: By how much the middle of a photograph is enlarged.
ZOOM = 1.15
WAYS = {
    "mirrored": ("as it is", "mirrored"),
    "zoomed in": ("as it is", "zoomed in"),
    "mirrored and zoomed in": ("as it is", "mirrored", "zoomed in"),
    "fitted the other way": ("as it is", "fitted the other way"),
}


def views(network: FilePredictor) -> dict[str, Callable[[str], NDArray[np.uint8]]]:
    """How a photograph is shown to the network, by name."""
    size, _, channels = network.input_shape
    (other,) = (resize_mode for resize_mode in RESIZE_MODES if resize_mode != network.resize_mode)

    def zoomed(path: str) -> NDArray[np.uint8]:
        image = decode(path, round(ZOOM * size), channels, network.resize_mode)
        edge = (image.shape[0] - size) // 2
        return image[edge : edge + size, edge : edge + size]

    return {
        "as it is": network.read,
        "mirrored": lambda path: network.read(path)[:, ::-1],
        "zoomed in": zoomed,
        "fitted the other way": lambda path: decode(path, size, channels, other),
    }


def answers(
    network: FilePredictor, paths: Sequence[str], view: Callable[[str], NDArray[np.uint8]]
) -> NDArray[np.float64]:
    """Probabilities (n, classes) for one view of each photograph."""
    batches = [paths[first : first + BATCH] for first in range(0, len(paths), BATCH)]
    found = [
        network.predict(np.stack([view(path) for path in batch])).probabilities for batch in batches
    ]
    return np.concatenate(found).astype(np.float64)


def compared(
    before: NDArray[np.float64], after: NDArray[np.float64], labels: NDArray[Any]
) -> dict[str, Any]:
    """How both do on the same photographs: the exact test of McNemar, and the loss in pairs."""
    was, now = (each.argmax(axis=1) == labels for each in (before, after))
    gained, lost = int((now & ~was).sum()), int((was & ~now).sum())
    rows = np.arange(len(labels))
    worse = np.log(before[rows, labels]) - np.log(after[rows, labels])
    return {
        "n": len(labels),
        "accuracy": round(float(now.mean()), 4),
        "gained": gained,
        "lost": lost,
        "p": round(float(binomtest(gained, gained + lost).pvalue), 4) if gained + lost else 1.0,
        "loss_change": round(float(worse.mean()), 4),
        "loss_change_95": round(1.96 * float(worse.std(ddof=1)) / len(labels) ** 0.5, 4),
    }


def main() -> None:
    """Measure each exported network and each way."""
    data = ImageFolder(sys.argv[1], stream=True)
    parts = [data.files(part) for part in data.parts if part != "train"]
    paths = [path for part in parts for path in part.paths]
    labels = np.concatenate([part.labels for part in parts])
    record = Record("views", "accuracy on one view of each held-out photograph, and on several")
    for source in map(Path, sys.argv[2:]):
        network = FilePredictor(source)
        name = network.description["name"]
        record.rows = [row for row in record.rows if row["network"] != name]
        found = {key: answers(network, paths, view) for key, view in views(network).items()}
        alone = found["as it is"]
        record.add(network=name, way="as it is", **compared(alone, alone, labels))
        for way, keys in WAYS.items():
            mean = np.mean([found[key] for key in keys], axis=0)
            record.add(network=name, way=way, **compared(alone, mean, labels))


if __name__ == "__main__":
    main()
