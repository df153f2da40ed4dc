"""Images a second and peak memory of a network, each in a process of its own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel
from rich.console import Console

from nin.errors import NinError
from nin.files import write_json
from nin.study import process_memory
from nin.study.contender import Contender
from nin.study.result import Measured, Speed
from nin.study.store import read
from nin.training import Recipe, Trainer
from nin.training.precision import precision_policy
from nin.training.provenance import device, versions
from nin.training.schedule import optimizer

#: A measurement lasts at least so many seconds and batches.
LEAST_SECONDS, LEAST_BATCHES = 2.0, 3
#: Before it so many batches pass: the first is compiled, the second fills what is reused.
WARM_UP = 2


class _Kept(BaseModel):
    net: str
    measured: Measured


def measure(
    contender: Contender, recipe: Recipe, input_shape: tuple[int, int, int], classes: int
) -> Measured:
    """What this machine takes for training and for prediction, on noise of the images' shape.

    Args:
        contender: the network.
        recipe: gives batch size, image size and optimiser.
        input_shape: (height, width, channels) of the images as stored.
        classes: how many.

    Raises:
        NinError: the process ended without an answer.
    """
    given = (contender, recipe, input_shape, classes)
    return Measured(
        batch_size=recipe.batch_size,
        training=_in_a_process("training", *given),
        prediction=_in_a_process("prediction", *given),
    )


def kept_measure(
    folder: Path,
    contender: Contender,
    recipe: Recipe,
    input_shape: tuple[int, int, int],
    classes: int,
    console: Console,
) -> Measured:
    """As `measure`; but what was measured before on this machine is taken from `folder`.

    Raises:
        NinError: it could not be measured, or what is kept is damaged.
    """
    training = (
        recipe.part_size,
        recipe.accumulate,
        recipe.precision,
        recipe.image_size,
        recipe.optimizer,
        recipe.clip_norm,
    )
    asked = (contender[1:3], training, input_shape, classes, device(), versions())
    key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
    path = folder / f"{key}.json"
    if path.exists():
        return read(path, _Kept).measured
    measured = measure(contender, recipe, input_shape, classes)
    write_json(path, {"net": contender.name, "measured": measured.model_dump()})
    console.print(
        f"measured {contender.name}: {measured.training.images_per_second:,.0f} images/s in"
        f" training, {measured.prediction.images_per_second:,.0f} in prediction",
        markup=False,
    )
    return measured


def _in_a_process(
    what: str,
    contender: Contender,
    recipe: Recipe,
    input_shape: tuple[int, int, int],
    classes: int,
) -> Speed:
    """Measure in a process that did nothing before: another would not show its own peak."""
    asked = [what, *contender, recipe.model_dump(), input_shape, classes]
    program = "from nin.study.measurement import answer; answer()"
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(asked), capture_output=True, text=True
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise NinError(
            f"{contender.name} could not be measured in {what} ({why}), perhaps for want of memory:"
            " give a smaller --batch-size, or --no-measure"
        )
    return Speed.model_validate_json(done.stdout.splitlines()[-1])


def answer() -> None:
    """Measure what standard input asks for, and print it."""
    what, name, net, arguments, group, recipe, input_shape, classes = json.load(sys.stdin)
    contender = Contender(name, net, arguments, group)
    model, images = _ready(contender, Recipe.parse(recipe), tuple(input_shape), classes)
    labels = np.arange(len(images), dtype=np.int32) % classes
    if what == "training":
        speed = _timed(lambda: model.train_on_batch(images, labels), len(images))
    else:
        speed = _timed(lambda: model.predict_on_batch(images), len(images))
    print(speed.model_dump_json())


def _ready(
    contender: Contender, recipe: Recipe, input_shape: tuple[int, int, int], classes: int
) -> tuple[Any, Any]:
    with precision_policy(recipe.precision):
        model = contender.make(classes)
        if recipe.image_size is not None:
            model.preprocessing.configure((recipe.image_size, recipe.image_size))
        model.build((None, *input_shape))
    trainer = Trainer(
        1, gradient_clip_val=recipe.clip_norm, optimizer=optimizer(recipe, 1000), verbose=False
    )
    trainer.compile_model(model)
    shape = (recipe.part_size, *input_shape)
    return model, np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def _timed(work: Callable[[], object], images: int) -> Speed:
    before = process_memory.begin()
    for _ in range(WARM_UP):
        work()
    began, batches = time.perf_counter(), 0
    while batches < LEAST_BATCHES or time.perf_counter() - began < LEAST_SECONDS:
        work()
        batches += 1
    rate = batches * images / (time.perf_counter() - began)
    return Speed(
        images_per_second=round(rate, 1), peak_bytes=max(0, process_memory.peak() - before)
    )
