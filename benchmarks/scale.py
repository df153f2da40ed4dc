"""What grows how with the number of pictures: opening, the first step, steps, answers, memory.

A thousand to a million JPEG files of 64 pixels, made from photographs so that each has content of
its own, as files, in tar shards and in Parquet; the shards also from nginx over https:// and from
moto's server over s3://, both on loopback. Beside ours Keras's `image_dataset_from_directory` and
`webdataset` with PyTorch's `DataLoader`, in the same run.

Each measurement is a process of its own. Of ours one opens the source for the first time, with an
empty cache, and another trains; so what has been found out once is known to that. Training is of
one epoch, or as much as fits into some seconds after the first step. See alternatives/scale.py.
Answers are those of `nin predict`, start included, by a NiN trained on digits for a moment. All
pictures were written just before, and are read from the system's memory rather than from a disk.

Run: python benchmarks/scale.py PHOTOGRAPHS WORK [--sizes 1000 10000 100000 1000000] [--note TEXT]
PHOTOGRAPHS has a directory per class. WORK needs room for 5 GB per million, twice, and is emptied.
Wants nginx and openssl, and `pip install webdataset psutil s3fs 'moto[server]'`; what is missing is
left out. Takes about 25 minutes on 2 cores, half of it to write pictures.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from alternatives.scale import ABSENT
from batch_engines import network
from record import Record
from scaling.pictures import FORMS, Small, reduced, shards
from scaling.servers import SERVERS

HERE = Path(__file__).parent
#: Pictures, seconds of steps, seconds after which a measurement is given up.
SIZES, STEPS, LIMIT = (1_000, 10_000, 100_000, 1_000_000), 12, 200
#: The most pictures that are answered, and that moto's server is given, which holds them in memory.
ANSWERED, HELD = 10_000, 100_000
WORKERS = (1, 2)
#: Form → who trains on it beside us.
OTHERS = {"files": "keras", "tar": "webdataset"}


class Source(NamedTuple):
    """Where pictures are, as a user names it.

    Attributes:
        called: ``"files"``, ``"tar"``, ``"parquet"``, ``"https"`` or ``"s3"``.
        name: a folder or a URL.
        environment: in which a server is reached.
    """

    called: str
    name: str
    environment: dict[str, str]


class Scale:
    """The measurements of one number of pictures, those that the record lacks.

    Args:
        record: that they go to.
        work: a folder for pictures, caches and answers.
        count: how many pictures.
    """

    def __init__(self, record: Record, work: Path, count: int) -> None:
        self.record, self.work, self.count = record, work, count

    def measure(self, small: Small) -> None:
        """Make each form, measure what is made of it, and delete it."""
        for form, make in FORMS.items():
            if not any(self._missing(source) for source in _sources_of(form)):
                continue
            folder = self.work / form
            make(small, self.count, folder)
            self._measure(Source(form, str(folder), {}))
            for scheme in SERVERS if form == "tar" else ():
                if self._missing(scheme):
                    with self._served(scheme, folder) as source:
                        self._measure(source)
            shutil.rmtree(folder)

    def _missing(self, source: str) -> list[dict[str, Any]]:
        """The keys of the rows that are still to be measured."""
        if source == "s3" and self.count > HELD:
            return []
        rows: list[dict[str, Any]] = [{"what": "open", "by": "nin"}, {"what": "train", "by": "nin"}]
        if source in OTHERS:
            rows.append({"what": "train", "by": OTHERS[source]})
        if self.count <= ANSWERED:
            rows += [{"what": "answer", "by": "nin", "workers": each} for each in WORKERS]
        rows = [{**row, "source": source, "pictures": self.count} for row in rows]
        return [row for row in rows if not self.record.has(**row)]

    @contextmanager
    def _served(self, scheme: str, folder: Path) -> Iterator[Source]:
        with SERVERS[scheme](folder, self.work / scheme) as (url, environment):
            last = shards(self.count) - 1
            name = f"{url}/{{000..{last:03}}}.tar" if scheme == "https" else url
            yield Source(scheme, name, environment)

    def _measure(self, source: Source) -> None:
        shutil.rmtree(self.work / "cache", ignore_errors=True)
        for key in self._missing(source.called):
            load = round(os.getloadavg()[0], 1)
            told = self._answer(source, key) if key["what"] == "answer" else _way(source, key)
            if told is not None:
                row = {**key, **told, "load_before": load}
                self.record.add(summary, **row)
                print(json.dumps(row), flush=True)
        shutil.rmtree(self.work / "cache", ignore_errors=True)

    def _answer(self, source: Source, key: dict[str, Any]) -> dict[str, Any] | None:
        out = self.work / "answers.csv"
        command = [sys.executable, "-m", "nin", "predict", str(self.work / "run/model.onnx")]
        command += [source.name, "--workers", str(key["workers"]), "--out", str(out)]
        told = _told([sys.executable, str(HERE / "usage.py"), *command], source)
        if told is None or "over" in told:
            return told
        assert told["exit_code"] == 0, told["last_line"]
        assert sum(1 for _ in out.open()) == self.count + 1
        out.unlink()
        return {
            "seconds": told["seconds"],
            "pictures_per_second": round(self.count / told["seconds"], 1),
            "peak_mib": round(told["peak_bytes"] / 2**20, 1),
        }


def _sources_of(form: str) -> list[str]:
    return [form, *(SERVERS if form == "tar" else ())]


def _way(source: Source, key: dict[str, Any]) -> dict[str, Any] | None:
    way = [key["what"], key["by"], source.name, str(STEPS)]
    return _told([sys.executable, "-m", "alternatives.scale", *way], source)


def _told(command: list[str], source: Source) -> dict[str, Any] | None:
    """What a process printed; None, with the reason printed, if something is not installed."""
    environment = {**os.environ, **source.environment}
    try:
        done = subprocess.run(
            command, cwd=HERE, capture_output=True, text=True, env=environment, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        return {"over": LIMIT}
    if done.returncode == ABSENT:
        print(f"left out: {done.stderr.strip()}", flush=True)
        return None
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


#: What is measured, and of which rows.
FIGURES = {
    "listed": "open",
    "opened": "open",
    "first_step": "train",
    "images_per_second": "train",
    "peak_mib": "train",
    "pictures_per_second": "answer",
}


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Each figure by source and who, by number of pictures; and how it grows.

    ``slope`` is that of the last tenfold in logarithms: 1 is in proportion, 0 is flat.
    """
    found: dict[str, Any] = {}
    for figure, what in FIGURES.items():
        for row in rows:
            if row["what"] == what and figure in row:
                by = f"{row['workers']} workers" if what == "answer" else row["by"]
                series = found.setdefault(figure, {}).setdefault(f"{row['source']}, {by}", {})
                series[str(row["pictures"])] = row[figure]
    slopes = {
        figure: {name: slope(series) for name, series in each.items()}
        for figure, each in found.items()
    }
    return {**found, "slope": slopes}


def slope(series: dict[str, float]) -> float | None:
    """The exponent by which a figure grows between the two largest numbers of pictures."""
    points = sorted((int(count), value) for count, value in series.items())
    if len(points) < 2:
        return None
    (few, low), (many, high) = points[-2:]
    return round(math.log(high / low) / math.log(many / few), 2)


def arguments() -> argparse.Namespace:
    """What was asked for; the record names no folder but by its last part."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photographs", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--note")
    asked = parser.parse_args()
    sizes = [f"--sizes {' '.join(map(str, asked.sizes))}"] if asked.sizes != SIZES else []
    sys.argv = [sys.argv[0], asked.photographs.name, "WORK", *sizes]
    return asked


def main() -> None:
    """Measure what is not yet in the record."""
    asked = arguments()
    work = asked.work.resolve()
    os.environ |= {"NIN_CACHE": str(work / "cache"), "KERAS_BACKEND": "tensorflow"}
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3"}
    record = Record("scale", (__doc__ or "").splitlines()[0], ["tensorflow_cpu", "webdataset"])
    record.note = asked.note or record.note
    small = reduced(asked.photographs / "train")
    if not (work / "run/model.onnx").exists():
        network(work / "run")
    for form in FORMS:
        shutil.rmtree(work / form, ignore_errors=True)
    for count in asked.sizes:
        Scale(record, work, count).measure(small)


if __name__ == "__main__":
    main()
