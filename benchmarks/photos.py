"""What a folder of photographs becomes: ours beside others, with all that a command takes.

Each training is a process of its own; its seconds are those from the command to its last line,
libraries, decoding and judging included. Ours are `nin train FOLDER`, the same with `--finetune`
and with `--preset book` (from scratch); the others are described in alternatives/photos.py.

A folder is taken as it is divided (division 0), and `--splits` more times with all its photographs
divided anew by seed, each class in proportion and every part as large as before: what has no seed
of its own varies with these alone. What has one is trained `--seeds` times on division 0, and once
on each of the others. A folder without parts gets a fifth for the test and has no division 0.

The photographs are read once before anything is timed. An interrupted measurement is continued; a
contender that fails is named, and the others go on.

Run: python benchmarks/photos.py FOLDER... [--seeds 3] [--splits 3] [--only frozen book ...]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from photos_subsets import Classes, link, listed
from record import Record, median_and_spread, spread
from startup import HERE, NIN, use

from nin.data.split import hold_out

#: `nin train FOLDER` with these.
OURS = {"frozen": [], "finetune": ["--finetune"], "book": ["--preset", "book"]}
OTHERS = ("tutorial", "keras", "head")
#: The other trainings end in the same weights whatever the seed.
SEEDED = ("finetune", "book", "tutorial")
#: What others report, under conditions of their own. Not measured here.
PUBLISHED = (
    {
        "photographs": "ants and bees, 244 to train on, 153 to judge by",
        "network": "ResNet-18, pretrained: fine-tuned; frozen",
        "accuracy": "0.935; 0.948, the best epoch by the photographs that judge",
        "source": "https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html",
    },
    {
        "photographs": "flowers, five classes, 3,670 in all, a fifth to judge by",
        "network": "three convolutions and a dense layer, from scratch",
        "accuracy": "0.736",
        "source": "https://www.tensorflow.org/tutorials/images/classification",
    },
)


class Division(NamedTuple):
    """A folder divided into parts.

    Attributes:
        name: of the folder that was given.
        number: 0 for its own parts, the seed for others.
        folder: where the parts are.
        train: the part to train on.
        test: the part to judge by.
    """

    name: str
    number: int
    folder: Path
    train: Path
    test: Path


@contextmanager
def divided(folder: Path, number: int) -> Iterator[Division]:
    """`folder` as it is, or divided anew in a temporary folder of links."""
    name, parts = folder.resolve().name, listed(folder)
    if not number:
        [train, *_], [test, *_] = parts["train"].values(), parts[_judging(parts)].values()
        yield Division(name, 0, folder, train[0].parents[1], test[0].parents[1])
        return
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / name
        for part, classes in anew(parts, number).items():
            link(made / part, classes)
        yield Division(name, number, made, made / "train", made / _judging(parts))


def _judging(parts: dict[str, Any]) -> str:
    """As `nin train` has it: validation/ is the test where there is no test/."""
    return "validation" if "validation" in parts and "test" not in parts else "test"


def anew(parts: dict[str, dict[str, list[Path]]], seed: int) -> dict[str, Classes]:
    """All photographs in parts of the same sizes, each class in proportion."""
    sizes = {part: sum(map(len, classes.values())) for part, classes in parts.items()}
    total, names = sum(sizes.values()), list(parts["train"])
    wanted = {part: size for part, size in sizes.items() if part != "train"} or {"test": total // 5}
    pairs = [(path, name) for name in names for part in parts.values() for path in part[name]]
    labels = np.array([names.index(name) for _, name in pairs], np.int32)
    left, held = np.arange(len(pairs)), {}
    for part, size in wanted.items():
        kept, taken = hold_out(labels[left], size / len(left), seed, part)
        held[part], left = left[taken], left[kept]
    return {
        part: {name: [pairs[i][0] for i in chosen if pairs[i][1] == name] for name in names}
        for part, chosen in {"train": left, **held}.items()
    }


def measure(contender: str, division: Division, seed: int | None, work: Path) -> dict[str, Any]:
    """Train once; accuracy, and what the process took."""
    chosen = [] if seed is None else ["--seed", str(seed)]
    if contender in OURS:
        out = work / f"{contender}-{seed}"
        options = [*OURS[contender], *chosen, "--out", str(out)]
        took = use([*NIN, "train", str(division.folder), *options])
        result = json.loads((out / "run.json").read_text())["result"]
        assert result["split"] == "test", f"judged by {result['split']}"
    else:
        script, out = str(HERE / "alternatives/photos.py"), work / "result.json"
        places = [str(division.train), str(division.test), str(out)]
        run = ["--run", str(features(division, work))] if contender == "head" else []
        took = use([sys.executable, script, contender, *places, *chosen, *run])
        result = json.loads(out.read_text())
    return {"accuracy": round(result["accuracy"], 4), **took}


def features(division: Division, work: Path) -> Path:
    """A frozen run on this division, made if it has not been measured just now."""
    run = work / "frozen-None"
    if not (run / "features.safetensors").exists():
        use([*NIN, "train", str(division.folder), "--out", str(run)])
    return run


def measure_division(record: Record, division: Division, seeds: list[int], only: list[str]) -> None:
    """Every contender that is not yet in the record, a seed at a time."""
    parts = listed(division.folder)
    judged = [len(paths) for paths in parts[_judging(parts)].values()]
    for path in (path for part in parts.values() for paths in part.values() for path in paths):
        path.read_bytes()
    with tempfile.TemporaryDirectory() as name:
        for seed in seeds:
            for contender in only:
                own = seed if contender in SEEDED else None
                key = {"folder": division.name, "division": division.number}
                key |= {"contender": contender, "seed": own}
                if record.has(**key):
                    continue
                try:
                    row = measure(contender, division, own, Path(name))
                except SystemExit as failure:
                    print(f"{contender} could not run: {failure}", file=sys.stderr, flush=True)
                    continue
                n, share = sum(judged), round(max(judged) / sum(judged), 4)
                record.add(summary, **key, n=n, largest_class=share, **row)
                print(key, row, flush=True)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Each contender on each folder: accuracy, seconds and peak memory; and what others report."""
    folders: dict[str, Any] = {}
    for row in rows:
        kind = "divided anew" if row["division"] else "as it is"
        cell = folders.setdefault(row["folder"], {}).setdefault(kind, {})
        cell.setdefault(row["contender"], []).append(row)
    for kinds in folders.values():
        for cell in kinds.values():
            cell.update({contender: _told(found) for contender, found in cell.items()})
    return {"folders": folders, "published": PUBLISHED}


def _told(rows: list[dict[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {"accuracy": spread([row["accuracy"] for row in rows])}
    for key in ("seconds", "peak_bytes"):
        values = [row[key] for row in rows if key in row]
        told[key] = median_and_spread(values) if values else None
    return told


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=[*OURS, *OTHERS], default=[*OURS, *OTHERS])
    return parser.parse_args()


def main() -> None:
    """Measure what is not yet in the record."""
    asked = arguments()
    given = {str(folder): folder.resolve().name for folder in asked.folders}
    sys.argv[1:] = [given.get(word, word) for word in sys.argv[1:]]
    packages = ("onnxruntime", "scikit-learn")
    record = Record("photos", (__doc__ or "").splitlines()[0], packages)
    for folder in asked.folders:
        first = 0 if len(listed(folder)) > 1 else 1
        for number in range(first, asked.splits + 1):
            with divided(folder, number) as division:
                seeds = [number] if number else list(range(asked.seeds))
                measure_division(record, division, seeds, asked.only)


if __name__ == "__main__":
    main()
