"""Images a second and peak memory of a network, each in a process of its own."""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from nin.files import write_json
from nin.study.contender import Contender
from nin.study.result import Measured, Speed
from nin.study.store import read
from nin.training import Recipe, Trainer
from nin.training.pipeline import optimizer
from nin.training.provenance import device, versions

#: A measurement lasts at least so many seconds and batches.
LEAST_SECONDS, LEAST_BATCHES = 2.0, 3
#: Before it so many batches pass: the first is compiled, the second fills what is reused.
WARM_UP = 2


def measure(
    contender: Contender, recipe: Recipe, input_shape: tuple[int, int, int], classes: int
) -> Measured:
    """What this machine takes for training and for prediction, on noise of the images' shape.

    Args:
        contender: the network.
        recipe: gives batch size, image size and optimiser.
        input_shape: (height, width, channels) of the images as stored.
        classes: how many.
    """
    given = (contender, recipe, input_shape, classes)
    return Measured(
        batch_size=recipe.batch_size,
        training=_in_a_process(_training, *given),
        prediction=_in_a_process(_prediction, *given),
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
        RunError: what is kept is damaged.
    """
    training = (recipe.batch_size, recipe.image_size, recipe.optimizer)
    asked = (contender[1:3], training, input_shape, classes, device(), versions())
    key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
    path = folder / f"{key}.json"
    if path.exists():
        return read(path, Measured, "measured")
    measured = measure(contender, recipe, input_shape, classes)
    write_json(path, {"net": contender.name, "measured": measured.model_dump()})
    console.print(
        f"measured {contender.name}: {measured.training.images_per_second:,.0f} images/s in"
        f" training, {measured.prediction.images_per_second:,.0f} in prediction",
        markup=False,
    )
    return measured


def _in_a_process(job: Callable[..., Speed], *given: Any) -> Speed:
    # A process that did other work before would not show its own peak.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as executor:
        return executor.submit(job, *given).result()


def _training(
    contender: Contender, recipe: Recipe, input_shape: tuple[int, int, int], classes: int
) -> Speed:
    model, images = _ready(contender, recipe, input_shape, classes)
    labels = np.arange(recipe.batch_size, dtype=np.int32) % classes
    return _timed(lambda: model.train_on_batch(images, labels), recipe.batch_size)


def _prediction(
    contender: Contender, recipe: Recipe, input_shape: tuple[int, int, int], classes: int
) -> Speed:
    model, images = _ready(contender, recipe, input_shape, classes)
    return _timed(lambda: model.predict_on_batch(images), recipe.batch_size)


def _ready(
    contender: Contender, recipe: Recipe, input_shape: tuple[int, int, int], classes: int
) -> tuple[Any, Any]:
    model = contender.make(classes)
    if recipe.image_size is not None:
        model.preprocessing.configure((recipe.image_size, recipe.image_size))
    model.build((None, *input_shape))
    Trainer(1, optimizer=optimizer(recipe, 1000), verbose=False).compile_model(model)
    shape = (recipe.batch_size, *input_shape)
    return model, np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def _timed(work: Callable[[], object], images: int) -> Speed:
    before = _peak_bytes()
    for _ in range(WARM_UP):
        work()
    began, batches = time.perf_counter(), 0
    while batches < LEAST_BATCHES or time.perf_counter() - began < LEAST_SECONDS:
        work()
        batches += 1
    rate = batches * images / (time.perf_counter() - began)
    return Speed(images_per_second=round(rate, 1), peak_bytes=max(0, _peak_bytes() - before))


def _peak_bytes() -> int:
    """The most memory that this process has held so far."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    # Unlike getrusage, this does not count what the parent held when it made the process.
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
