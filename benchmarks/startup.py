"""Cold start and peak memory of the `nin` command, beside bare imports and the book's loader.

Each command runs as often as asked for in a new process, all in turn; a first round, which brings
files into the system's cache, does not count. Seconds are wall time; memory is the peak of what is
resident, as the system accounts for it. ``import tensorflow`` and ``import keras`` are the floor:
whatever computes has to pay for them. `nin predict` answers for one picture of 8×8 pixels with a
network that was trained for one epoch on 128 digits.

Memory in training: ``nin train chapter`` (224 pixels, batches of 128), 2,000 images for one epoch,
once. The book's loader fills a shuffle buffer with every image, resized; it is measured at 1,000
to 4,000 images, and the straight line through these is drawn to all 60,000.

Run: python benchmarks/startup.py [TIMES]
Takes about two minutes for five times on 2 cores, and ten for the training; an interrupted
measurement is continued.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from record import Record, median_and_spread

HERE = Path(__file__).parent
NIN = [sys.executable, "-m", "nin"]
LOADED = (1000, 2000, 3000, 4000)
#: Training images in Fashion-MNIST.
ALL = 60_000
TRAINING = ["--limit", "2000", "--epochs", "1"]


def starts(folder: Path) -> dict[str, list[str]]:
    """The commands whose start is measured, by the name they have in the record."""
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import tensorflow": [sys.executable, "-c", "import tensorflow"],
        "import keras": [sys.executable, "-c", "import keras"],
        "nin --help": [*NIN, "--help"],
        "nin summary book": [*NIN, "summary", "book"],
        "nin predict": [*NIN, "predict", str(folder / "run"), str(folder / "image.png")],
    }


def prepare(folder: Path) -> None:
    """A run and an image for `nin predict`."""
    recipe = ["train", "digits", "--epochs", "1", "--limit", "128"]
    use([*NIN, *recipe, "--out", str(folder / "run")])
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(pixels).save(folder / "image.png")


def use(command: list[str]) -> dict[str, Any]:
    """What a command took; see `usage.py`.

    Raises:
        SystemExit: it failed.
    """
    through = [sys.executable, str(HERE / "usage.py"), *command]
    done = subprocess.run(through, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    if answer.pop("exit_code"):
        raise SystemExit(f"{' '.join(command)}: {answer['last_line']}")
    del answer["last_line"]
    return answer


def measure_starts(record: Record, times: int) -> None:
    """Every start in turn, `times` times, after a round that does not count."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for command in starts(folder).values():
            use(command)
        for number in range(times):
            for what, command in starts(folder).items():
                if not record.has(what=what, number=number):
                    record.add(summary, what=what, number=number, **use(command))


def measure_memory(record: Record) -> None:
    """One training of the book's network, and the book's loader."""
    if not record.has(what="nin train chapter"):
        with tempfile.TemporaryDirectory() as folder:
            out = ["--out", str(Path(folder) / "run")]
            row = use([*NIN, "train", "chapter", *TRAINING, *out])
        record.add(summary, what="nin train chapter", options=" ".join(TRAINING), **row)
    for count in LOADED:
        if not record.has(what="the book's loader", images=count):
            row = use([sys.executable, str(HERE / "book/loader.py"), str(count)])
            record.add(summary, what="the book's loader", images=count, **row)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Median and range of each start, peaks in training."""
    started = [row for row in rows if "number" in row]
    return {
        "starts": {
            what: start([row for row in started if row["what"] == what])
            for what in dict.fromkeys(row["what"] for row in started)
        },
        "peak_bytes": {row["what"]: row["peak_bytes"] for row in rows if "options" in row},
        "book_loader": loader([row for row in rows if "images" in row]),
    }


def start(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of one command: seconds and peak, each with its median and its `spread`."""
    return {
        key: median_and_spread(values)
        for key in ("seconds", "processor_seconds", "peak_bytes")
        for values in [[row[key] for row in rows]]
    }


def loader(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Peaks by number of images; bytes an image, and all of them, by the line through the peaks."""
    peaks = {str(row["images"]): row["peak_bytes"] for row in rows}
    if len(rows) < len(LOADED):
        return {"peak_bytes": peaks}
    slope, level = np.polyfit([row["images"] for row in rows], list(peaks.values()), 1)
    return {
        "peak_bytes": peaks,
        "bytes_an_image": round(float(slope)),
        "extrapolated_to_60000": round(float(level + slope * ALL)),
    }


def table(made: dict[str, Any]) -> str:
    """The summary to read, in Markdown."""
    lines = ["| | seconds, median [range] | peak MiB |", "|---|---|---|"]
    for what, row in made["starts"].items():
        seconds, peak = row["seconds"], row["peak_bytes"]["median"]
        times = f"{seconds['median']:.2f} [{seconds['min']:.2f}, {seconds['max']:.2f}]"
        lines.append(f"| `{what}` | {times} | {_mebibytes(peak)} |")
    for what, peak in made["peak_bytes"].items():
        lines.append(f"| `{what} {' '.join(TRAINING)}` | | {_mebibytes(peak)} |")
    book = made["book_loader"]
    for count, peak in book["peak_bytes"].items():
        lines.append(f"| the book's loader, {int(count):,} images | | {_mebibytes(peak)} |")
    total = _mebibytes(book["extrapolated_to_60000"])
    lines.append(f"| the book's loader, {ALL:,} images, extrapolated | | {total} |")
    return "\n".join(lines)


def _mebibytes(count: float) -> str:
    return f"{count / 2**20:,.0f}"


def main() -> None:
    """Measure what is not yet in the record, and print the table."""
    record = Record("startup", (__doc__ or "").splitlines()[0])
    measure_starts(record, int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    measure_memory(record)
    print(table(summary(record.rows)))


if __name__ == "__main__":
    main()
