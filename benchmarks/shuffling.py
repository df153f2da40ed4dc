"""Whether sorted shards, read window by window, teach a network as much as files do.

20,000 pictures of Fashion-MNIST are written as files and as ten tar shards, each of one class. A
network with batch normalisation, which suffers most from batches of few classes, trains on them in
four orders:

- files: all pictures are shuffled.
- shards: in windows as they are, of 16,384 pictures in blocks of 32.
- shards, small windows: of 328 pictures, so that there are about as many as a million pictures
  have; but of ten blocks, as one of large row groups in Parquet may be; others have 512.
- shards, each for itself: the shards in random order, and only what is in one is shuffled; what
  happens without windows.

All train on the same pictures, which are those of Fashion-MNIST for training but for a share, and
are judged by its 10,000 for the test.

Run: python benchmarks/shuffling.py [SEEDS]
"""

from __future__ import annotations

import io
import math
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from record import Record, spread

import nin
from nin.data import block_order

TRAIN, TEST = 2000, 1000  # pictures per class

#: Order → pictures in a window and in a block; None: they are files.
ORDERS = {
    "files": None,
    "shards": (block_order.WINDOW, block_order.BLOCK),
    "shards, small windows": (328, 32),
    "shards, each for itself": (1, TRAIN),
}


def write(folder: Path) -> None:
    """Make files and shards of the same pictures in the same order."""
    data = nin.FashionMNIST()
    for part, count in (("train", TRAIN), ("test", TEST)):
        images, labels = data.split("train" if part == "train" else "test")
        for label, name in enumerate(data.classes):
            called = name.replace("/", "-")
            files = folder / "files" / part / called
            files.mkdir(parents=True)
            shard = folder / "shards" / part / f"{called}.tar"
            shard.parent.mkdir(parents=True, exist_ok=True)
            with tarfile.open(shard, "w") as archive:
                for number, pixels in enumerate(images[labels == label][:count]):
                    picture = io.BytesIO()
                    Image.fromarray(pixels[..., 0]).save(picture, "PNG")
                    (files / f"{number:05}.png").write_bytes(picture.getvalue())
                    key = f"{called.replace('.', '')}-{number:05}"
                    for ending, content in (("png", picture.getvalue()), ("cls", called.encode())):
                        member = tarfile.TarInfo(f"{key}.{ending}")
                        member.size = len(content)
                        archive.addfile(member, io.BytesIO(content))


def measure(folder: Path, order: str, seed: int) -> dict[str, Any]:
    """Train once, in memory: streamed, the batches are the same."""
    if (sizes := ORDERS[order]) is not None:
        block_order.WINDOW, block_order.BLOCK = sizes
    recipe = nin.RECIPES["digits"].revised(
        data=str(folder / ("files" if sizes is None else "shards")),
        batch_norm=True,
        width=0.25,
        epochs=2,
        seed=seed,
        stream=False,
    )
    with tempfile.TemporaryDirectory() as place:
        run = nin.train(recipe, Path(place) / "run")
    result = run.record["result"]
    images = run.record["data"]["splits"]["train"]["images"]
    return {
        "accuracy": result["accuracy"],
        "loss": round(result["loss"], 4),
        "n": result["n"],
        "trained_on": images,
        "windows": None if sizes is None else _windows(images, sizes[0], len(run.classes)),
    }


def _windows(images: int, size: int, shards: int) -> int:
    """How many windows there are; a block, here at most a shard, is never divided."""
    return min(shards, images) if size == 1 else math.ceil(images / size)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy of each order over the seeds."""
    return {
        order: spread([row["accuracy"] for row in rows if row["order"] == order])
        for order in ORDERS
        if any(row["order"] == order for row in rows)
    }


def main() -> None:
    """Measure what is not yet in the record."""
    record = Record("shuffling", (__doc__ or "").splitlines()[0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        for seed in range(int(sys.argv[1]) if sys.argv[1:] else 3):
            for order in ORDERS:
                if not record.has(order=order, seed=seed):
                    row = measure(folder, order, seed)
                    record.add(summary, order=order, seed=seed, **row)
                    print(order, seed, row, flush=True)


if __name__ == "__main__":
    main()
