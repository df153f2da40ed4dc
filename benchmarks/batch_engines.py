"""Which engine spreads predictions over processes? Dask and Ray Data on ten thousand pictures.

The pictures are JPEG files of 64×64 pixels, the network is a NiN that was trained for one epoch on
128 digits: so that what the engine costs is seen, and not what the network does. Two workers, twice
each, in turn; then once more while a worker is killed (-9). Both call the same function on the same
parts, see alternatives/batch_engines.py. The size of an installation is that of all packages
that its extra brings and that nin does not need anyhow.

Run: python benchmarks/batch_engines.py PYTHON FOLDER
PYTHON is an interpreter with nin, `dask distributed` and `ray[data]`; FOLDER is kept for network
and pictures.
Takes about five minutes on 2 cores; an interrupted measurement is continued.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from record import Record, spread

HERE = Path(__file__).parent
PICTURES, TIMES, SIDE = 10_000, 2, 64
#: Engine → what is installed for it.
ENGINES = {"dask": ["dask", "distributed"], "ray": ["ray[data]"]}
#: Bytes and number of the packages that these bring and that nin does not.
SIZES = """
import importlib.metadata as metadata, json, sys
from packaging.requirements import Requirement

def needed(requirement, found):
    asked = Requirement(requirement)
    name = asked.name.lower().replace("_", "-")
    if (name, *asked.extras) in found:
        return found
    found.add((name, *asked.extras))
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # of another system
        return found
    for line in lines:
        each = Requirement(line)
        if each.marker is None or any(
            each.marker.evaluate({"extra": extra}) for extra in ("", *asked.extras)
        ):
            needed(line, found)
    return found

def names(requirements):
    return {name for each in requirements for name, *_ in needed(each, set())}

def installed(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

ours = names(json.loads(sys.argv[1]))
more = names(json.loads(sys.argv[2])) - ours
size = sum(
    (file.locate().stat().st_size if file.locate().exists() else 0)
    for name in more if installed(name) for file in metadata.files(name) or []
)
print(json.dumps({"packages": len([*filter(installed, more)]), "bytes": size}))
"""


def prepare(folder: Path) -> tuple[Path, Path]:
    """The network and the pictures."""
    pictures = folder / "pictures"
    if pictures.is_dir():
        return folder / "run/model.onnx", pictures
    model = network(folder / "run")
    made = folder / "made"
    made.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    for number in range(PICTURES):
        small = Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8))
        small.resize((SIDE, SIDE)).save(made / f"{number:05}.jpg", quality=90)
    made.rename(pictures)
    return model, pictures


def network(run: Path) -> Path:
    """A small network in a file: trained so shortly that it knows nothing, which takes no less."""
    nin = [sys.executable, "-m", "nin"]
    recipe = ["train", "digits", "--epochs", "1", "--limit", "128", "--out", str(run)]
    for command in (recipe, ["export", str(run)]):
        subprocess.run([*nin, *command], check=True, capture_output=True)
    return run / "model.onnx"


def answer(python: str, engine: str, model: Path, pictures: Path, *options: str) -> dict[str, Any]:
    """What an engine took."""
    command = [python, "-m", "alternatives.batch_engines", engine, str(model), str(pictures)]
    environment = {**os.environ, "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    done = subprocess.run(
        [*command, *options], cwd=HERE, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert told["answered"] == PICTURES
    return told


def installed(python: str, engine: str) -> dict[str, int]:
    """Packages and bytes that an engine adds to those of nin."""
    from importlib.metadata import requires

    ours = [line for line in requires("keras-nin") or [] if "extra" not in line]
    ours = [line.partition(";")[0] for line in ours if "tensorflow>" not in line]
    given = [json.dumps(ours), json.dumps(ENGINES[engine])]
    done = subprocess.run([python, "-c", SIZES, *given], capture_output=True, text=True, check=True)
    size: dict[str, int] = json.loads(done.stdout)
    return size


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Per engine: what it took, also where a worker was lost."""
    found = {}
    for engine in ENGINES:
        whole = [row for row in rows if row["engine"] == engine and row.get("killed") is False]
        lost = [row["seconds"] for row in rows if row["engine"] == engine and row.get("killed")]
        size = [row for row in rows if row["engine"] == engine and "packages" in row]
        if len(whole) < TIMES:
            continue
        rates = [(PICTURES - 256) / (row["seconds"] - row["start"]) for row in whole]
        found[engine] = {
            "pictures_per_second": spread([round(rate, 1) for rate in rates]),
            "start": spread([round(row["start"], 2) for row in whole]),
            "seconds": spread([round(row["seconds"], 2) for row in whole]),
            "memory": spread([row["memory"] for row in whole]),
            "seconds_with_a_lost_worker": [round(each, 2) for each in lost],
            "packages": [row["packages"] for row in size],
            "bytes": [row["bytes"] for row in size],
        }
    return found


def main() -> None:
    """Measure what is not in the record yet."""
    python, folder = sys.argv[1], Path(sys.argv[2])
    record = Record(
        "batch_engines",
        "Ten thousand small pictures answered by two processes, by Dask and by Ray Data.",
        ["dask", "distributed", "onnxruntime"],
    )
    model, pictures = prepare(folder)
    for engine in ENGINES:
        if not record.has(engine=engine, what="installation"):
            row = {"engine": engine, "what": "installation", **installed(python, engine)}
            record.add(summary, **row)
    for turn in range(TIMES + 1):
        for engine in ENGINES:
            row = {"engine": engine, "turn": turn, "killed": turn == TIMES}
            if not record.has(**row):
                options = ["--kill"] if turn == TIMES else []
                record.add(summary, **row, **answer(python, engine, model, pictures, *options))


if __name__ == "__main__":
    main()
