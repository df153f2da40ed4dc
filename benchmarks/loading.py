"""How fast a folder of JPEGs becomes batches, ours against others, and in how much memory.

Each round runs every way once, in turn, each in a process of its own: an epoch of shuffled
batches of 64 pictures at 128×128. Ours: ``memory`` reads all pictures first, ``streamed`` decodes
them ahead of the step. The others: ``keras``, its `image_dataset_from_directory`;
``torchvision``, its `ImageFolder` through a `DataLoader` with a process a core. Ratios are within
a round.

Then a folder of many small JPEGs, 64×64, and a tenth of it: peak memory of an epoch streamed, by
itself and through `fit`. What grows with the folder is its listing.

Run: python benchmarks/loading.py FOLDER [--rounds 5] [--files 100000] [--python WAY=PATH ...]
FOLDER has a folder per class. A way that another environment holds is given that one's Python; one
that is installed nowhere is left out.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from alternatives.loading import ABSENT
from PIL import Image
from record import Record, spread

SIDE, SMALL = 128, 64
WAYS = ("streamed", "memory", "keras", "torchvision")
CLASSES = 10


def measure(way: str, folder: Path, side: int, python: str) -> dict[str, Any] | None:
    """One epoch of one way, in its own process; None, with the reason printed, if it is absent."""
    command = [python, "-m", "alternatives.loading", way, str(folder.resolve()), str(side)]
    here = Path(__file__).parent
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=here)
    if done.returncode == ABSENT:
        print(f"{way}: left out: {done.stderr.strip()}", flush=True)
        return None
    if done.returncode:
        sys.exit(f"{way} failed:\n{done.stderr}")
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(way, row, flush=True)
    return row


def make_many(root: Path, files: int) -> None:
    """Write small JPEGs, of which 200 differ, evenly into class folders."""
    noise = np.random.default_rng(0)
    contents = [_jpeg(noise) for _ in range(200)]
    for label in range(CLASSES):
        (root / f"class{label}").mkdir(parents=True)
    for number in range(files):
        path = root / f"class{number % CLASSES}" / f"picture_{number:08}.jpg"
        path.write_bytes(contents[number % len(contents)])


def _jpeg(noise: np.random.Generator) -> bytes:
    coarse = noise.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    picture = Image.fromarray(coarse).resize((SMALL, SMALL), Image.Resampling.BICUBIC)
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Images a second of each way, how many times as fast streaming is, and peak memory."""
    speed = [row for row in rows if row["what"] == "speed"]
    ways = dict.fromkeys(row["way"] for row in speed)
    rate = {(row["way"], row["round"]): row["images_per_second"] for row in speed}
    ratios = {
        way: [rate["streamed", r] / value for (name, r), value in rate.items() if name == way]
        for way in ways
        if way != "streamed"
    }
    return {
        "images_per_second": {
            way: spread([value for (name, _), value in rate.items() if name == way]) for way in ways
        },
        "streamed_over": {
            way: spread([round(ratio, 4) for ratio in values]) for way, values in ratios.items()
        },
        "many": [
            {key: row[key] for key in ("way", "files", "images_per_second", "peak_mib")}
            for row in rows
            if row["what"] == "many"
        ],
    }


def rounds(record: Record, folder: Path, count: int, pythons: dict[str, str]) -> None:
    """Every way in turn, round by round."""
    absent: set[str] = set()
    for number in range(count):
        for way in WAYS:
            if way in absent or record.has(what="speed", way=way, round=number):
                continue
            row = measure(way, folder, SIDE, pythons.get(way, sys.executable))
            if row is None:
                absent.add(way)
            else:
                record.add(summary, what="speed", way=way, round=number, side=SIDE, **row)


def many(record: Record, files: int) -> None:
    """The folder of many files, and a tenth of it."""
    for count in (files // 10, files):
        ways = [way for way in ("streamed", "fit") if not record.has(way=way, files=count)]
        if not ways:
            continue
        with tempfile.TemporaryDirectory() as root:
            make_many(Path(root) / "many", count)
            for way in ways:
                row = measure(way, Path(root) / "many", SMALL, sys.executable)
                if row is not None:
                    record.add(summary, what="many", way=way, files=count, side=SMALL, **row)


def arguments() -> argparse.Namespace:
    """What was asked for; the record names no folder but by its last part."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--python", action="append", default=[], metavar="WAY=PATH")
    asked = parser.parse_args()
    asked.python = dict(pair.split("=", 1) for pair in asked.python)
    sys.argv = [
        sys.argv[0],
        asked.folder.name,
        f"--rounds={asked.rounds}",
        f"--files={asked.files}",
    ]
    return asked


def main() -> None:
    """Measure what is not yet in the record."""
    asked = arguments()
    record = Record("loading", (__doc__ or "").splitlines()[0])
    rounds(record, asked.folder, asked.rounds, asked.python)
    many(record, asked.files)
    print(json.dumps(summary(record.rows), indent=2))


if __name__ == "__main__":
    main()
