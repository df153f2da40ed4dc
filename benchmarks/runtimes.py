"""Exported files in programs that nobody here wrote: do they open them, and answer as the run does?

Every client of `clients/` is given every form of a run that is meant for its format, and the same
photographs: those of the parts for validation and testing. A form of any size gets them as they are
stored; one of a fixed size as its metadata says, resized by Pillow. What the run itself says is
what an answer is held against. A cold start is a new process that opens the file and answers one
photograph; milliseconds are of one photograph after the other, the median without the first.

Run: python benchmarks/runtimes.py PHOTOS FOLDER NAME=RUN ... [--count 200] [--starts 3]
FOLDER holds a virtual environment, FOLDER/CLIENT, for each client whose needs clash with those of
others, and ``node_modules``; for all others the environment that runs this is used.
Takes about ten minutes for each run on 2 cores; an interrupted measurement is continued. With
--client NAME, one client alone.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from clients import CLIENTS, Form
from clients.process import answers
from record import Record

import nin
from nin.data.decoding.decode import decode, fitted
from nin.exporting.quantization import Quantization
from nin.inference import FilePredictor

#: Form → the format, and how a run is exported to it; the side is the network's own.
FIXED = {"layout": "nchw", "input": "float"}
FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "onnx": ("onnx", {}),
    "onnx fixed": ("onnx", FIXED),
    "litert": ("litert", {}),
    "litert int8": ("litert", {"quantize": "int8"}),
    "onnx int8": ("onnx", {"quantize": "int8"}),
    "openvino": ("openvino", {}),
    "openvino fixed": ("openvino", FIXED),
    "litert float16": ("litert", {"quantize": "float16"}),
    "savedmodel": ("savedmodel", {}),
}
BACKENDS = ("tensorflow", "jax", "torch")
EXPORT = (
    "import json, nin, sys; done = nin.export(nin.load(sys.argv[1]), out=sys.argv[2], **{0});"
    " print(json.dumps(done.parity._asdict()))"
)


class Exported(NamedTuple):
    """A file, what it takes and cost, and the photographs for it with the run's answers."""

    path: Path
    bytes: int
    form: Form
    pictures: Path
    expected: Any
    cost: Quantization | None


def sample(folder: str, count: int) -> tuple[Path, ...]:
    """Some photographs that the run has not learned from, the same each time."""
    found = [
        path
        for part in ("test", "validation")
        for path in sorted(Path(folder, part).rglob("*"))
        if path.is_file()
    ]
    return tuple(random.Random(0).sample(found, min(count, len(found))))


@functools.cache
def answers_of(run: nin.Run, photos: tuple[Path, ...], side: int | None) -> Any:
    """What the run says of the photographs, which it resizes to its own size or to `side`."""
    predictor = nin.Predictor(run, image_size=side)
    return np.stack([predictor.predict(decode(path)[None]).probabilities[0] for path in photos])


def exported(run: nin.Run, name: str, photos: tuple[Path, ...], folder: Path) -> Exported:
    """Export a run to a form, and write the photographs as that takes them."""
    to, options = FORMS[name]
    if options is FIXED:
        options = {**FIXED, "size": (run.model.preprocessing.size or run.input_shape)[0]}
    suffix = {"onnx": ".onnx", "litert": ".tflite"}.get(to, "")
    done = nin.export(run, to, folder / f"model{suffix}", **options)
    predictor = FilePredictor(done.path, trust=True)
    told = predictor.description.get("input", {})
    form = Form(
        len(predictor.classes),
        told.get("size"),
        told.get("layout", "nhwc"),
        told.get("type", "uint8"),
    )
    pixels = [decode(path) for path in photos]
    if form.size is not None:
        sides = (form.size, form.size)
        pixels = [fitted(each, sides, resize_mode=predictor.resize_mode) for each in pixels]
    listed = []
    for number, each in enumerate(pixels):
        (folder / f"{number}.bin").write_bytes(each.tobytes())
        listed.append({"file": f"{number}.bin", "shape": each.shape})
    index = folder / "pictures.json"
    index.write_text(json.dumps(listed))
    is_other = form.size not in (None, run.input_shape[0])
    expected = answers_of(run, photos, form.size if is_other else None)
    return Exported(done.path, done.bytes, form, index, expected, done.quantization)


def measured(client: str, file: Exported, places: Path, starts: int) -> dict[str, Any]:
    """What a client makes of a file, held against the run."""
    found = answers(client, file.path, file.form, file.pictures, places, starts)
    if "probabilities" not in found:
        return found
    probabilities = np.array(found.pop("probabilities"))
    if probabilities.shape[1:] != file.expected.shape[1:]:
        return {"refused": f"answers of shape {probabilities.shape[1:]}"}
    expected = file.expected[: len(probabilities)]
    same = (probabilities.argmax(axis=1) == expected.argmax(axis=1)).sum()
    off = float(np.abs(probabilities - expected).max())
    return {"pictures": len(expected), "labels_equal": int(same), "difference": off, **found}


def by_backend(run: Path, options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The digest of an ONNX file as each backend writes it, and how it agrees with the run."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for backend in BACKENDS:
            path = Path(folder, f"{backend}.onnx")
            environment = {**os.environ, "KERAS_BACKEND": backend}
            command = [sys.executable, "-c", EXPORT.format(options), str(run), str(path)]
            done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[backend] = {"sha256": digest, **json.loads(done.stdout.splitlines()[-1])}
    return found


def measure(
    record: Record, name: str, network: str, run: nin.Run, asked: argparse.Namespace
) -> None:
    """One form of a run in every client for it."""
    todo = [
        key
        for key, client in CLIENTS.items()
        if FORMS[name][0] in client.files
        and asked.client in (None, key)
        and not record.has(network=network, form=name, client=key)
    ]
    if not todo:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = exported(run, name, sample(asked.photos, asked.count), Path(folder))
        if file.cost and not record.has(network=network, form=name, what="cost"):
            record.add(network=network, form=name, what="cost", **file.cost._asdict())
        for key in todo:
            row = measured(key, file, asked.places, asked.starts)
            record.add(network=network, form=name, client=key, bytes=file.bytes, **row)
            print(network, name, key, row, flush=True)


def main() -> None:
    """Measure what is not yet in the record."""
    parser = argparse.ArgumentParser()
    parser.add_argument("photos")
    parser.add_argument("places", type=Path)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN")
    parser.add_argument("--client", choices=CLIENTS)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--starts", type=int, default=3)
    asked = parser.parse_args()
    asked.places = asked.places.resolve()
    record = Record("runtimes", (__doc__ or "").splitlines()[0])
    record.rows = [row for row in record.rows if "not_installed" not in row]
    runs = dict(each.split("=", 1) for each in asked.runs)
    counts = ["--count", str(asked.count), "--starts", str(asked.starts)]
    sys.argv[1:] = [Path(asked.photos).name, "clients", *(f"{key}={key}" for key in runs), *counts]
    opened = {network: nin.load(path) for network, path in runs.items()}
    for name in FORMS:
        for network, run in opened.items():
            measure(record, name, network, run, asked)
    for network, run in opened.items():
        side = (run.model.preprocessing.size or run.input_shape)[0]
        for name, options in (("onnx", {}), ("onnx fixed", {**FIXED, "size": side})):
            if not record.has(network=network, what="backends", form=name):
                found = by_backend(run.path, options)
                record.add(network=network, what="backends", form=name, backends=found)


if __name__ == "__main__":
    main()
