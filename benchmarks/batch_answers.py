"""A hundred thousand predictions while a worker and the command are killed: each picture one row?

A scheduler and two workers are processes of their own. `nin predict --scheduler` begins; when a
fifth of the parts is there, one worker is killed (-9), at two fifths the command itself. Another
worker is started, and the same command once more. The rows of the file are then counted, and the
largest memory of the command is taken from its second start, by the system's account.

The pictures are links of distinct names to the photographs of a folder, the network is any export.

Run: python benchmarks/batch_answers.py MODEL FOLDER WORK
Takes five to ten minutes on 2 cores; what is in WORK is deleted first.
"""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from record import Record

PICTURES = 100_000
#: Pictures per part; see `nin.inference.batch.prediction_parts`.
PART = 256
PARTS = -(-PICTURES // PART)


def link(photographs: Path, folder: Path) -> None:
    """Make the pictures."""
    found = sorted(photographs.rglob("*.jpg"))
    folder.mkdir(parents=True)
    for number in range(PICTURES):
        (folder / f"{number:06}.jpg").symlink_to(found[number % len(found)])


def dask(work: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A process of a cluster."""
    command = [sys.executable, "-m", "dask", *arguments]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=work, **quiet)  # type: ignore[call-overload,no-any-return]


def wait_until(holds: Callable[[], bool], seconds: float = 600.0) -> None:
    """Look ten times a second.

    Raises:
        SystemExit: it takes too long.
    """
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise SystemExit("it takes too long")
        time.sleep(0.1)


def count_rows(table: Path) -> Counter[str]:
    """How many rows each picture has."""
    with table.open(newline="") as file:
        return Counter(row["file"] for row in csv.DictReader(file))


def measure(model: Path, work: Path) -> dict[str, Any]:
    """Begin, kill, begin again, and count."""
    file, out = work / "scheduler.json", work / "answers.csv"
    here = ["--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
    worker = ["worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny"]
    processes = [dask(work, "scheduler", *here, "--scheduler-file", str(file))]
    try:
        wait_until(file.exists)
        processes += [dask(work, *worker) for _ in range(2)]
        address = json.loads(file.read_text())["address"]
        command = [sys.executable, "-m", "nin", "predict", str(model), "pictures"]
        command += ["--scheduler", address, "--out", out.name]
        began = time.monotonic()
        first = subprocess.Popen(command, cwd=work)

        def parts() -> int:
            return sum(1 for _ in work.glob("answers.csv.parts/*.jsonl"))

        wait_until(lambda: parts() >= PARTS // 5)
        processes[1].send_signal(signal.SIGKILL)
        wait_until(lambda: parts() >= 2 * PARTS // 5)
        first.send_signal(signal.SIGKILL)
        first.wait()
        kept = parts()
        processes.append(dask(work, *worker))
        through = [sys.executable, str(Path(__file__).parent / "usage.py"), *command]
        second = subprocess.run(through, cwd=work, capture_output=True, text=True, check=True)
        seconds = time.monotonic() - began
    finally:
        for process in processes:
            process.kill()
            process.wait()
    rows = count_rows(out)
    told = json.loads(second.stdout)
    return {
        "pictures": PICTURES,
        "rows": rows.total(),
        "twice": sum(count > 1 for count in rows.values()),
        "missing": PICTURES - len(rows),
        "kept_at_kill": kept * PART,
        "exit_codes": [first.returncode, told["exit_code"]],
        "seconds": round(seconds, 1),
        "second_start": {
            "seconds": told["seconds"],
            "pictures_per_second": round((PICTURES - kept * PART) / told["seconds"], 1),
            "peak_bytes": told["peak_bytes"],
        },
    }


def main() -> None:
    """Measure and write the record."""
    model, photographs, work = (Path(each).resolve() for each in sys.argv[1:4])
    shutil.rmtree(work, ignore_errors=True)
    link(photographs, work / "pictures")
    record = Record(
        "batch_answers",
        "100,000 pictures are predicted once each while a worker and the command are killed.",
        ["dask", "distributed", "onnxruntime"],
    )
    record.rows.clear()
    record.add(**measure(model, work))


if __name__ == "__main__":
    main()
