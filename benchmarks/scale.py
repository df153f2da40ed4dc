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
PHOTOGRAPHS has a directory per class. WORK needs 10 GB of room; pictures are deleted when measured.
Wants nginx and openssl, and `pip install webdataset psutil s3fs 'moto[server]'`; what is missing is
left out. Takes about 20 minutes on 2 cores, a third of it to write pictures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from alternatives.scale import ABSENT
from batch_engines import network
from record import Record
from scaling.pictures import FORMS, Make, Small, reduced, shards
from scaling.servers import SERVERS
from scaling.slopes import summary

HERE = Path(__file__).parent
#: Pictures, seconds of steps, seconds after which a measurement is given up.
SIZES, STEPS, LIMIT = (1_000, 10_000, 100_000, 1_000_000), 8, 150
#: How many pictures are answered, and the most for moto's server, which holds them in memory.
ANSWERED, HELD = 10_000, 100_000
WORKERS = (1, 2)
#: Form → who trains on it beside us.
OTHERS = {"files": "keras", "tar": "webdataset"}
WHAT = ("open", "train", "answer")


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
        """Make pictures, open all sources, train on all, answer all, and delete the pictures."""
        if not any(self._missing(what, name) for what in WHAT for name in (*FORMS, *SERVERS)):
            return
        with ExitStack() as until_the_end:
            sources = []
            for form, make in FORMS.items():
                folder = self._made(form, make, small)
                sources.append(Source(form, str(folder), {}))
                if form == "tar":
                    sources += self._all_served(folder, until_the_end)
            for what in WHAT:
                for source in sources:
                    for key in self._missing(what, source.called):
                        self._measure(source, key)
        shutil.rmtree(self.work / "cache", ignore_errors=True)
        for form in FORMS:
            shutil.rmtree(self._folder(form))

    def _all_served(self, folder: Path, until_the_end: ExitStack) -> list[Source]:
        """The folder behind each server that is installed, where anything is to be measured."""
        found = []
        for scheme in SERVERS:
            if any(self._missing(what, scheme) for what in WHAT):
                try:
                    found.append(until_the_end.enter_context(self._served(scheme, folder)))
                except (FileNotFoundError, ImportError) as absent:
                    print(f"{scheme}: left out: {absent}", flush=True)
        return found

    def _missing(self, what: str, source: str) -> list[dict[str, Any]]:
        """The keys of the rows that are still to be measured."""
        if source == "s3" and self.count > HELD:
            return []
        rows: list[dict[str, Any]] = [{"by": "nin"}]
        if what == "train" and source in OTHERS:
            rows.append({"by": OTHERS[source]})
        if what == "answer":
            workers = WORKERS if self.count == ANSWERED else ()
            rows = [{"by": "nin", "workers": each} for each in workers]
        same = {"what": what, "source": source, "pictures": self.count}
        return [{**same, **row} for row in rows if not self.record.has(**same, **row)]

    def _folder(self, form: str) -> Path:
        return self.work / f"{form}-{self.count}"

    def _made(self, form: str, make: Make, small: Small) -> Path:
        folder = self._folder(form)
        if not folder.exists():
            making = folder.with_suffix(".part")
            shutil.rmtree(making, ignore_errors=True)
            make(small, self.count, making)
            making.rename(folder)
        return folder

    @contextmanager
    def _served(self, scheme: str, folder: Path) -> Iterator[Source]:
        with SERVERS[scheme](folder, self.work / scheme) as (url, environment):
            last = shards(self.count) - 1
            name = f"{url}/{{000..{last:03}}}.tar" if scheme == "https" else url
            yield Source(scheme, name, environment)

    def _measure(self, source: Source, key: dict[str, Any]) -> None:
        load = round(os.getloadavg()[0], 1)
        cache = self.work / "cache" / source.called
        if key["what"] == "open":
            shutil.rmtree(cache, ignore_errors=True)
        environment = {**source.environment, "NIN_CACHE": str(cache)}
        if key["what"] == "answer":
            told = self._answer(source, key["workers"], environment)
        else:
            way = [key["what"], key["by"], source.name, str(STEPS)]
            told = _told([sys.executable, "-m", "alternatives.scale", *way], environment)
        if told is not None:
            row = {**key, **told, "load_before": load}
            self.record.add(summary, **row)
            print(json.dumps(row), flush=True)

    def _answer(
        self, source: Source, workers: int, environment: dict[str, str]
    ) -> dict[str, Any] | None:
        out = self.work / "answers.csv"
        command = [sys.executable, "-m", "nin", "predict", str(self.work / "run/model.onnx")]
        command += [source.name, "--workers", str(workers), "--out", str(out)]
        told = _told([sys.executable, str(HERE / "usage.py"), *command], environment)
        if told is None or "over" in told:
            return told
        assert told["exit_code"] == 0, told["last_line"]
        assert sum(1 for _ in out.open()) == self.count + 1
        out.unlink()
        return {
            "seconds": told["seconds"],
            "pictures_per_second": round(self.count / told["seconds"], 1),
            "pictures_per_processor_second": round(self.count / told["processor_seconds"], 1),
            "peak_mib": round(told["peak_bytes"] / 2**20, 1),
        }


def _told(command: list[str], environment: dict[str, str]) -> dict[str, Any] | None:
    """What a process printed; None, with the reason printed, if something is not installed."""
    try:
        done = subprocess.run(
            command,
            cwd=HERE,
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
            timeout=LIMIT,
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


def arguments() -> argparse.Namespace:
    """What was asked for; the record names no folder but by its last part."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("photographs", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--note")
    asked = parser.parse_args()
    sizes = ["--sizes", *map(str, asked.sizes)] if asked.sizes != SIZES else []
    sys.argv = [sys.argv[0], asked.photographs.name, "WORK", *sizes]
    return asked


def main() -> None:
    """Measure what is not yet in the record."""
    asked = arguments()
    work = asked.work.resolve()
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    record = Record("scale", (__doc__ or "").splitlines()[0], ["tensorflow_cpu", "webdataset"])
    record.note = asked.note or record.note
    small = reduced(asked.photographs / "train")
    if not (work / "run/model.onnx").exists():
        network(work / "run")
    for count in asked.sizes:
        Scale(record, work, count).measure(small)


if __name__ == "__main__":
    main()
