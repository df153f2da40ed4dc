"""`Predictions`, checked: a file may come from anyone, and a runtime may be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.errors import ExportError

Images = NDArray[np.uint8]
Floats = NDArray[Any]

#: How far the sum of an image's probabilities may be from 1: with eight bits, each is rounded.
SUM_TOLERANCE = 0.05
#: The largest probability, as float32 and float16 round it.
_LARGEST = 1.0001


class Predictions(NamedTuple):
    """The predictions for n images.

    Attributes:
        probabilities: (n, classes).
        maps: (n, height, width, classes), signed; the mean of a map is the class's logit. None if
            they were not requested.
    """

    probabilities: Floats
    maps: Floats | None


def from_outputs(outputs: Mapping[str, Any], maps: bool) -> Predictions:
    """The predictions among a network's outputs.

    Raises:
        ExportError: an output is missing.
    """
    names = ("probabilities", "maps") if maps else ("probabilities",)
    if missing := [name for name in names if name not in outputs]:
        raise ExportError(f"the network returns no {missing[0]}")
    return Predictions(outputs["probabilities"], outputs["maps"] if maps else None)


def check_predictions(found: Predictions, images: int, classes: int) -> None:
    """Make sure that these are predictions for this many images and classes.

    Raises:
        ExportError: they have another shape or type, are not finite, or are not probabilities.
    """
    problem = _probabilities_fault(np.asarray(found.probabilities), (images, classes))
    if problem is None and found.maps is not None:
        problem = _maps_fault(np.asarray(found.maps), images, classes)
    if problem:
        raise ExportError(f"the network returns {problem}")


def _probabilities_fault(values: Floats, shape: tuple[int, int]) -> str | None:
    if values.dtype.kind != "f":
        return f"probabilities that are not floats, but {values.dtype}"
    if values.shape != shape:
        return f"probabilities of shape {values.shape} in place of {shape}"
    if not np.isfinite(values).all():
        return "probabilities that are not finite"
    if values.min() < 0 or values.max() > _LARGEST:
        return "probabilities that are not between 0 and 1"
    if np.abs(values.sum(axis=1, dtype=np.float64) - 1).max() > SUM_TOLERANCE:
        return "probabilities that do not add up to 1"
    return None


def _maps_fault(values: Floats, images: int, classes: int) -> str | None:
    if values.dtype.kind != "f":
        return f"class maps that are not floats, but {values.dtype}"
    if values.ndim != 4 or not values.size or (len(values), values.shape[3]) != (images, classes):
        expected = f"({images}, height, width, {classes})"
        return f"class maps of shape {values.shape} in place of {expected}"
    if not np.isfinite(values).all():
        return "class maps that are not finite"
    return None
