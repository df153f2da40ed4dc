"""Whether an exported file predicts as its run does, on real images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nin.data import NAMED, open_data
from nin.errors import Advice, Argument, ExportError, NinError
from nin.inference.engines import Images

if TYPE_CHECKING:
    from nin.data import ImageData, Split
    from nin.inference import FilePredictor
    from nin.training import Run

#: Number of images that are compared.
IMAGES = 256
#: Largest difference of a probability that is put down to the order of additions.
TOLERANCE = 1e-3


class Parity(NamedTuple):
    """How the predictions of a run and its export agree.

    Attributes:
        images: number of images compared.
        labels_equal: number of images with the same label from both.
        largest_difference: of a probability.
        maps_difference: of a value of the class maps, relative to the largest value; None where one
            of the two has none.
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


def real_images(run: Run, data: str | None = None, count: int = IMAGES) -> Images:
    """Images the network was not trained on, as they are stored, spread evenly over the split.

    Args:
        run: a trained run.
        data: a named data set or a folder; None for the run's own.
        count: at most so many.

    Raises:
        ExportError: the run's own cannot be loaded; says what to do.
    """
    split = evaluation_split(run, data)
    return np.asarray(split.images[spread(len(split.labels), count)])


def evaluation_split(run: Run, data: str | None = None) -> Split:
    """The split that the run is evaluated on, or all of `data`."""
    from nin.training.evaluation import every_image, final_split

    if data is None:
        return final_split(run_images(run))[1]
    return every_image(_others(run, data))


def training_images(run: Run, data: str | None, count: int) -> Images:
    """Images the network was trained on, as they are stored; or some of `data`."""
    split = run_images(run).train if data is None else evaluation_split(run, data)
    return np.asarray(split.images[spread(len(split.labels), count)])


def run_images(run: Run) -> ImageData:
    """The images that a run was trained and evaluated on.

    Raises:
        ExportError: they cannot be loaded; says what to do.
    """
    from nin.training.dataset import open_images

    try:
        recipe = run.recipe
        return open_images(recipe, skip_bad=bool(run.record.get("skip_bad")))
    except NinError as error:
        raise ExportError(
            f"the images of {run.path} cannot be loaded ({error.told(lambda _: None)})",
            Advice("name others: {}", Argument("data")),
        ) from error


def _others(run: Run, data: str) -> Any:
    height, _, channels = run.input_shape
    if data in NAMED:
        return open_data(data)
    settings = {"fit": run.fit, "bit_depth": run.bit_depth}
    return open_data(data, image_size=height, grey=channels == 1, **settings)


def spread(available: int, count: int) -> Any:
    """Positions of `count` of so many images, or of all, evenly over them."""
    return np.unique(np.linspace(0, available - 1, min(available, count)).round().astype(int))
