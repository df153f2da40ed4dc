"""What leaves, in which form: agreement with the run, size and cold start.

Agreement: each preset at full width, trained for one epoch on 512 real images (grey presets on
Fashion-MNIST, colour ones on a folder of photographs), asked about 128 images it was not trained
on, as they are stored and at one and a half times that size, one by one and 32 at a time. At the
other size the run's side resizes with Pillow and the file's side in its graph.

Forms: RUN, a network trained from scratch on FOLDER. A cold start is a new process that imports
`nin`, opens the file and answers one photograph; all forms in turn, after a round that does not
count. What eight bits cost is in the record of runtimes.py.

Run: python benchmarks/exports.py FOLDER RUN [TIMES]
Takes about ten minutes on 2 cores; an interrupted measurement is continued.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from record import Record
from startup import start, use

import nin
from nin.data.decoding.decode import fitted
from nin.exporting.parity import compare, evaluation_images, some_images
from nin.training.starting_recipe import choose

IMAGES, LIMIT = 128, 512
BATCHES = (1, 32)
#: Side in pixels; None as the images are stored.
SIDES = {"book": 67, "mnist": None, "svhn": 32, "cifar10": 32, "cifar100": 32, "imagenet": 67}
GREY = ("book", "mnist")
FORMS = ("onnx", "openvino", "litert", "savedmodel")
ASK = (
    "import nin, sys; predictor = nin.Predictor(sys.argv[1], trust=True);"
    " print(next(predictor.predict_files([sys.argv[2]])))"
)


def trained(preset: str, folder: Path, photos: str) -> nin.Run:
    """A run of this preset that has seen some images."""
    recipe = choose("fashion" if preset in GREY else photos, None, preset)
    changes = {"preset": preset, "width": 1.0, "limit": LIMIT, "epochs": 1}
    return nin.train(recipe.revised(**changes, image_size=SIDES[preset]), folder / preset)


class InBatches:
    """Asks a predictor so many images at a time."""

    def __init__(self, predictor: nin.Predictor, batch: int) -> None:
        self.predictor, self.batch = predictor, batch

    def predict(self, images: Any) -> Any:
        """Answers, put together again."""
        parts = [
            self.predictor.predict(images[first : first + self.batch])
            for first in range(0, len(images), self.batch)
        ]
        return parts[0]._replace(probabilities=np.concatenate([p.probabilities for p in parts]))


def measure_agreement(record: Record, photos: str) -> None:
    """Each preset at two sizes, in two batch sizes."""
    for preset in SIDES:
        if record.has(what="agreement", preset=preset):
            continue
        with tempfile.TemporaryDirectory() as name:
            run = trained(preset, Path(name), photos)
            there, home = nin.Predictor(nin.export(run).path), nin.Predictor(run)
            stored = some_images(evaluation_images(run).split, IMAGES)
            side = stored.shape[1] * 3 // 2
            larger = np.stack([fitted(one, (side, side), one.shape[2]) for one in stored])
            rows = [
                {
                    "size": size,
                    "batch": batch,
                    **compare(home, InBatches(there, batch), images)._asdict(),
                }
                for size, images in (("stored", stored), ("larger", larger))
                for batch in BATCHES
            ]
        record.add(
            summary,
            what="agreement",
            preset=preset,
            side=stored.shape[1],
            parameters=run.record["parameters"],
            rows=rows,
        )


def measure_forms(record: Record, run: nin.Run, photo: Path, times: int) -> None:
    """Size, agreement and cold start of each form."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {"run": folder / "run"}
        paths["run"].mkdir()
        for file in (run.path / "run.json", run.weights_path):
            shutil.copy(file, paths["run"])
        for form in FORMS:
            (folder / f"to.{form}").mkdir()
            done = nin.export(run, form, folder / f"to.{form}" / _name(form))
            paths[form] = done.path
            if not record.has(what="form", form=form):
                agreement = done.parity._asdict()
                record.add(summary, what="form", form=form, bytes=done.bytes, **agreement)
        for number in range(-1, times):
            for form, path in paths.items():
                if record.has(what="start", form=form, number=number):
                    continue
                row = use([sys.executable, "-c", ASK, str(path), str(photo)])
                if number >= 0:
                    record.add(summary, what="start", form=form, number=number, **row)


def _name(form: str) -> str:
    return {"onnx": "model.onnx", "litert": "model.tflite"}.get(form, form)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Cold starts: medians and spreads."""
    starts = [row for row in rows if row["what"] == "start"]
    return {
        form: start([row for row in starts if row["form"] == form])
        for form in dict.fromkeys(row["form"] for row in starts)
    }


def main() -> None:
    """Measure what is not yet in the record."""
    record = Record("exports", (__doc__ or "").splitlines()[0])
    photos, run, *times = sys.argv[1:]
    photo = min(Path(photos).rglob("*.jpg"))
    sys.argv[1:] = [Path(photos).name, Path(run).name, *times]
    measure_agreement(record, photos)
    measure_forms(record, nin.load(run), photo, int(times[0]) if times else 5)


if __name__ == "__main__":
    main()
