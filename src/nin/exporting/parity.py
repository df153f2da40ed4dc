"""Whether an exported file predicts as its run does, on real images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nin.errors import Advice, Argument, DataError, ExportError, RunError
from nin.inference.outputs import Images

if TYPE_CHECKING:
    from nin.data import Split
    from nin.inference import FilePredictor
    from nin.training import Run
    from nin.training.runs.evaluation_images import EvaluationImages

#: Number of images that are compared.
IMAGES = 256
#: Largest difference of a probability that the order of additions may explain.
TOLERANCE = 1e-3


class Parity(NamedTuple):
    """How the predictions of a run and its export agree.

    Attributes:
        images: number of images compared.
        labels_equal: number of images with the same label from both.
        largest_difference: largest difference of a probability.
        maps_difference: largest difference of a value of the class maps, relative to the largest
            value; None if one of the two has no maps.
    """

    images: int
    labels_equal: int
    largest_difference: float
    maps_difference: float | None

    @property
    def holds(self) -> bool:
        """Whether they are the same network."""
        largest = max(self.largest_difference, self.maps_difference or 0.0)
        return self.labels_equal == self.images and largest <= TOLERANCE


def compare(first: FilePredictor, second: FilePredictor, images: Images) -> Parity:
    """Compare two predictors on images (n, h, w, c)."""
    maps = first.has_maps and second.has_maps
    a, b = (one.predict(images, maps=maps) for one in (first, second))
    same = a.probabilities.argmax(axis=1) == b.probabilities.argmax(axis=1)
    return Parity(
        len(images),
        int(same.sum()),
        float(np.abs(a.probabilities - b.probabilities).max()),
        _relative(a.maps, b.maps) if maps else None,
    )


def _relative(a: Any, b: Any) -> float:
    """The largest difference, as a share of the largest value; infinite for other shapes."""
    if a.shape != b.shape:
        return float("inf")
    return float(np.abs(a - b).max() / (np.abs(a).max() or 1.0))


def some_images(split: Split) -> Images:
    """At most `IMAGES` images of a split, evenly spread over it."""
    return np.asarray(split.images[spread(len(split.labels), IMAGES)])


def evaluation_images(run: Run, data: str | None = None) -> EvaluationImages:
    """The images to evaluate a run on: its own, or other data.

    Raises:
        DataError: the other data cannot be loaded.
        ExportError: the run's own images cannot be loaded, or the other data do not fit.
    """
    try:
        return run.images.for_evaluation(data)
    except RunError as error:
        raise ExportError(error.args[0], *error.advice) from error
    except DataError as error:
        if data is not None:
            raise
        raise ExportError(
            f"the images of {run.path} cannot be loaded ({error.render(lambda _: None)})",
            Advice("name others: {}", Argument("data")),
        ) from error


def spread(available: int, count: int) -> Any:
    """Positions of `count` of the `available` images, evenly spread, or of all of them."""
    return np.unique(np.linspace(0, available - 1, min(available, count)).round().astype(int))
