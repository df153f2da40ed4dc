"""Images per second and peak memory of a network, measured in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel
from rich.console import Console

from nin.errors import Advice, Argument, NinError, RunError
from nin.files import write_json
from nin.orphans import exit_with_parent
from nin.study.trials.contender import Contender
from nin.study.trials.results_cache import damaged, read
from nin.study.trials.row import Measured, Speed
from nin.study.trials.trial import digest
from nin.training import Recipe, Trainer
from nin.training.precision import precision_policy
from nin.training.runs.provenance import device, versions
from nin.training.schedule import optimizer

#: Shortest measurement, in seconds and in batches.
LEAST_SECONDS, LEAST_BATCHES = 2.0, 3
#: Batches before the measurement: the first compiles, the second allocates what later ones reuse.
WARM_UP = 2
_SELF = Path("/proc/self")


class Workload(NamedTuple):
    """What to measure.

    Attributes:
        contender: the network.
        recipe: gives batch size, image size, precision and optimiser.
        input_shape: (height, width, channels) of the images as stored.
        classes: number of classes.
    """

    contender: Contender
    recipe: Recipe
    input_shape: tuple[int, int, int]
    classes: int

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the network's input."""
        side = self.recipe.image_size
        return (side, side) if side else self.input_shape[:2]


class Elsewhere(NamedTuple):
    """Measurements from another machine.

    Attributes:
        speeds: those of each network, by its name.
        place: the machine, as ``device`` and ``versions``.
    """

    speeds: dict[str, Measured]
    place: dict[str, Any]


class _Kept(BaseModel):
    net: str
    measured: Measured
    #: Digest of `measured`; None in measurements of earlier revisions.
    sha256: str | None = None
    #: The machine and its software; earlier measurements do not have them.
    device: dict[str, Any] | None = None
    versions: dict[str, str] | None = None
    #: Size of the network's input, and precision; earlier measurements do not have them.
    input_size: list[int] | None = None
    precision: str | None = None

    def fault(self, recipe: Recipe, size: Sequence[int]) -> str | None:
        if self.sha256 not in (None, digest(self.measured.model_dump())):
            return "it was changed after it was written"
        if self.measured.batch_size != recipe.part_size:
            return f"it is of a batch of {self.measured.batch_size}, not {recipe.part_size}"
        if self.input_size not in (None, [*size]):
            return f"it is of images of {self.input_size}, not of {[*size]}"
        if self.precision not in (None, recipe.precision):
            return f"it is in {self.precision}, not in {recipe.precision}"
        return None


def measure(workload: Workload) -> Measured:
    """Measure training and prediction on this machine, on noise of the images' shape.

    Raises:
        NinError: the process ended without a result.
    """
    return Measured(
        batch_size=workload.recipe.part_size,
        training=_in_new_process("training", workload),
        prediction=_in_new_process("prediction", workload),
    )


def measure_once(folder: Path, workload: Workload, console: Console) -> Measured:
    """Like `measure`, but a measurement made before on this machine is read from `folder`.

    Raises:
        NinError: it could not be measured, or the file of an earlier measurement is damaged.
    """
    path = folder / f"{_key(workload)}.json"
    recipe, size = workload.recipe, workload.size
    if path.exists():
        kept = read(path, _Kept)
        if problem := kept.fault(recipe, size):
            raise damaged(path, problem)
        return kept.measured
    name, measured = workload.contender.name, measure(workload)
    values = measured.model_dump()
    here: dict[str, Any] = {"device": device(), "versions": versions()}
    here |= {"input_size": [*size], "precision": recipe.precision}
    write_json(path, {"net": name, "measured": values, "sha256": digest(values), **here})
    console.print(
        f"measured {name}: {measured.training.images_per_second:,.0f} images/s in"
        f" training, {measured.prediction.images_per_second:,.0f} in prediction",
        markup=False,
    )
    return measured


def measured_elsewhere(
    folder: Path, names: Sequence[str], recipe: Recipe, size: Sequence[int]
) -> Elsewhere:
    """The speeds that another comparison measured for the networks with these names.

    Args:
        folder: the folder ``measured`` of that comparison.
        names: of the networks.
        recipe: of the trainings.
        size: (height, width) of the networks' input.

    Raises:
        RunError: a file is damaged, there is not exactly one measurement of each network, or they
            are of several machines.
    """
    speeds, places = {}, []
    for path in sorted(folder.glob("*.json")):
        kept = read(path, _Kept)
        if kept.net not in names:
            continue
        if problem := kept.fault(recipe, size):
            raise damaged(path, problem)
        if kept.net in speeds:
            raise RunError(f"{folder} holds several measurements of {kept.net}: keep one")
        speeds[kept.net] = kept.measured
        places.append({"device": kept.device, "versions": kept.versions})
    if missing := [name for name in names if name not in speeds]:
        raise RunError(
            f"{folder} holds no measurement of {', '.join(missing)}",
            "compare the same networks there",
        )
    if any(place != places[0] for place in places):
        raise RunError(f"{folder} holds measurements of several machines: keep those of one")
    return Elsewhere(speeds, places[0])


def _key(workload: Workload) -> str:
    """A digest of everything that decides the result; names and groups do not."""
    contender, recipe, input_shape, classes = workload
    training = (
        recipe.part_size,
        recipe.accumulate,
        recipe.precision,
        recipe.image_size,
        recipe.optimizer,
        recipe.clip_norm,
        recipe.momentum,
        recipe.weight_decay,
        recipe.decay_biases,
        recipe.ema_momentum,
        recipe.schedule,
    )
    net = contender[1:3] if not contender.is_own else [*contender[1:3], contender.source()]
    spec = (net, training, input_shape, classes, device(), versions())
    return digest(spec)[:16]


def _in_new_process(what: str, workload: Workload) -> Speed:
    """Measure in a fresh process: in a used one, something else may have set the peak."""
    contender, recipe, *shapes = workload
    request = [what, LEAST_SECONDS, [contender, recipe.model_dump(), *shapes]]
    program = "from nin.study.trials.measurement import serve_measurement; serve_measurement()"
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(request), capture_output=True, text=True
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise NinError(
            f"{contender.name} could not be measured in {what} ({why}), perhaps for lack of memory",
            Advice("give a smaller {}", Argument("batch_size")),
            Advice("do without: {}", Argument("measured", False)),
        )
    return Speed.model_validate_json(done.stdout.splitlines()[-1])


def serve_measurement() -> None:
    """Measure what standard input describes, and print the result."""
    exit_with_parent(os.getppid())
    what, seconds, (contender, recipe, input_shape, classes) = json.load(sys.stdin)
    workload = Workload(Contender(*contender), Recipe.parse(recipe), tuple(input_shape), classes)
    model, images = _model_and_images(workload)
    labels = np.arange(len(images), dtype=np.int32) % classes
    if what == "training":
        speed = _timed(lambda: model.train_on_batch(images, labels), len(images), seconds)
    else:
        speed = _timed(lambda: model.predict_on_batch(images), len(images), seconds)
    print(speed.model_dump_json())


def _model_and_images(workload: Workload) -> tuple[Any, Any]:
    contender, recipe, input_shape, classes = workload
    with precision_policy(recipe.precision):
        model = contender.make(classes, (*workload.size, input_shape[2]))
        if recipe.image_size is not None:
            model.preprocessing.configure((recipe.image_size, recipe.image_size))
        model.build((None, *input_shape))
    trainer = Trainer(
        1, gradient_clip_val=recipe.clip_norm, optimizer=optimizer(recipe, 1000), verbose=False
    )
    trainer.compile_model(model)
    shape = (recipe.part_size, *input_shape)
    return model, np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def _timed(work: Callable[[], object], images: int, seconds: float) -> Speed:
    before = start_peak()
    for _ in range(WARM_UP):
        work()
    began, batches = time.perf_counter(), 0
    while batches < LEAST_BATCHES or time.perf_counter() - began < seconds:
        work()
        batches += 1
    rate = batches * images / (time.perf_counter() - began)
    return Speed(images_per_second=round(rate, 1), peak_bytes=max(0, peak_memory() - before))


def start_peak() -> int:
    """The memory of this process in bytes; resets its peak if the system allows that."""
    with contextlib.suppress(OSError):
        # 5 resets the high-water mark to the current size.
        (_SELF / "clear_refs").write_text("5")
    return _status("VmRSS") or _usage()


def peak_memory() -> int:
    """The peak memory of this process since `start_peak`, in bytes."""
    return _status("VmHWM") or _usage()


def _status(name: str) -> int | None:
    try:
        lines = (_SELF / "status").read_text().splitlines()
    except OSError:
        return None
    found = (int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
    return next((1024 * kibibytes for kibibytes in found), None)


def _usage() -> int:
    """The peak since the process started, if nothing better is known, as on macOS."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most
