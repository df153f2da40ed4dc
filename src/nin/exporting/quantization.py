"""Quantisation: the images that it needs, and what it costs and gains."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nin.data.split import Split
from nin.errors import Advice, Argument, ExportError, NinError
from nin.exporting import parity
from nin.inference import FilePredictor
from nin.inference.outputs import Images

if TYPE_CHECKING:
    from nin.training import Run

#: Most training images that calibrate the ranges of activations.
CALIBRATION = 256
#: Most images on which accuracy is measured.
EVALUATED_ON = 2000
#: Number of single images that are timed, with both files in turn.
TIMED = 50


class Quantization(NamedTuple):
    """A quantised file against the same network in float32; pairs are (float32, quantised).

    Attributes:
        to: ``"int8"`` or ``"float16"``.
        bytes: sizes.
        milliseconds: median time per image, one by one, with both files in turn.
        images: number of test images.
        accuracy: on these images.
        same_label: share of the images with the same label from both.
    """

    to: str
    bytes: tuple[int, int]
    milliseconds: tuple[float, float]
    images: int
    accuracy: tuple[float, float]
    same_label: float


def images_apart(run: Run, data: str | None) -> tuple[Images, Split]:
    """Images to calibrate on, and others to evaluate on; no picture is in both, by its content.

    Those to calibrate on are training images of the run. If these cannot be loaded, they are some
    of `data`, at most half, and the rest is for evaluation.

    Args:
        run: a trained run.
        data: a named data set or a folder to evaluate on; None for the run's own images.

    Returns:
        (n, h, w, c) uint8, at most `CALIBRATION`; and at most `EVALUATED_ON` with their labels.

    Raises:
        ExportError: there are no images, or too few.
    """
    evaluated = parity.evaluation_images(run, data).split
    try:
        pool = run.images.trained().split
    except NinError:
        if data is None:
            raise
    else:
        every = np.arange(len(evaluated.labels))
        chosen = parity.spread(len(pool.labels), CALIBRATION)
        found = _apart(np.asarray(pool.images[chosen]), evaluated, every)
        if len(found[0]):
            return found
    count = len(evaluated.labels)
    chosen = parity.spread(count, min(CALIBRATION, count // 2))
    left = np.setdiff1d(np.arange(count), chosen)
    found = _apart(np.asarray(evaluated.images[chosen]), evaluated, left)
    if not len(found[0]):
        raise ExportError(
            "there are too few different images to calibrate on some and evaluate on others",
            Advice("name more: {}", Argument("data")),
        )
    return found


def _apart(calibration: Images, evaluated: Split, positions: Any) -> tuple[Images, Split]:
    """`calibration` without the images to evaluate on, and at most `EVALUATED_ON` of these."""
    positions = positions[parity.spread(len(positions), EVALUATED_ON)]
    images = np.asarray(evaluated.images[positions])
    seen = {image.tobytes() for image in images}
    apart = np.array([image.tobytes() not in seen for image in calibration], bool)
    return calibration[apart], Split(images, evaluated.labels[positions])


def images_to_evaluate_on(run: Run, data: str | None) -> Split:
    """At most `EVALUATED_ON` images that the run was not trained on.

    Raises:
        ExportError: there are none.
    """
    evaluated = parity.evaluation_images(run, data).split
    positions = parity.spread(len(evaluated.labels), EVALUATED_ON)
    return Split(np.asarray(evaluated.images[positions]), evaluated.labels[positions])


def measure(
    split: Split,
    before: FilePredictor,
    after: FilePredictor,
    sizes: tuple[int, int],
) -> Quantization:
    """Compare accuracy, labels and time of both on the same images, which are in memory."""
    images, labels = np.asarray(split.images), split.labels
    a, b = (one.predict(images).probabilities.argmax(axis=1) for one in (before, after))
    return Quantization(
        after.description["quantization"],
        sizes,
        _milliseconds(before, after, images),
        len(images),
        (float((a == labels).mean()), float((b == labels).mean())),
        float((a == b).mean()),
    )


def _milliseconds(
    before: FilePredictor, after: FilePredictor, images: Images
) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(TIMED):
        one = images[number % len(images)][None]
        for predictor, spent in zip((before, after), times, strict=True):
            begun = time.perf_counter()
            predictor.predict(one)
            spent.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times[0]), statistics.median(times[1])
