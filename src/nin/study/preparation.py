"""What must be right before the first training of a comparison: all mistakes are found here."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nin.data import ImageData
from nin.errors import DataError, NinError
from nin.models.geometry import smallest_size
from nin.study.contender import Contender
from nin.training import Recipe
from nin.training.dataset import open_images
from nin.training.precision import resolve_precision


def check_request(rates: Sequence[float], seeds: int, seconds: float | None) -> None:
    """Refuse what cannot be done.

    Raises:
        NinError: there is no rate or seed, or one of them makes no sense.
    """
    if not rates or not all(0 < rate < math.inf for rate in rates):
        raise NinError("learning rates must be one or more numbers above 0")
    if len(set(rates)) < len(rates):
        raise NinError(f"a learning rate is given twice: {', '.join(f'{r:g}' for r in rates)}")
    if seeds < 1:
        raise NinError(f"seeds must be 1 or more, not {seeds}")
    if seconds is not None and not 0 < seconds < math.inf:
        raise NinError(f"the budget must be more than 0 seconds, not {seconds:g}")


def check_writable(folder: Path) -> None:
    """Make `folder`, and refuse it now rather than after the first training.

    Raises:
        NinError: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise NinError(f"cannot write to {folder}: {error.strerror or error}") from error


def prepare(contenders: Sequence[Contender], recipe: Recipe) -> tuple[Recipe, ImageData]:
    """The recipe at an image size that all contenders take, and its images.

    Raises:
        DataError: the images cannot be had, are too few to be divided, or have no test part.
        InputSizeError: a contender cannot take images of the size that is asked for.
    """
    recipe = resolve_precision(recipe)
    data = open_images(recipe)
    if "test" not in data.parts:
        raise DataError(f"{data.name} has no test images to judge by: lay some out in test/")
    # Sizes of the parts do not depend on the seed.
    _check_parts(data)
    models = [contender.make(len(data.classes)) for contender in contenders]
    side = min(data.image_shape[:2])
    smallest = max(smallest_size(model.net) for model in models)
    if recipe.image_size is None and side < smallest:
        recipe = recipe.revised(image_size=smallest)
        data = open_images(recipe)
    for model in models:
        model.check_size((*seen_size(recipe, data), data.image_shape[2]))
    return recipe, data


def seen_size(recipe: Recipe, data: ImageData) -> tuple[int, int]:
    """(height, width) of what the networks see."""
    if recipe.image_size is not None:
        return recipe.image_size, recipe.image_size
    height, width, _ = data.image_shape
    return height, width


def fingerprint(recipe: Recipe, data: ImageData) -> str:
    """A digest of every image there is, whether or not the recipe limits them to `data`."""
    if recipe.limit is not None:
        data = open_images(recipe.model_copy(update={"limit": None}))
    return data.fingerprint()


def _check_parts(data: ImageData) -> None:
    for part in ("train", "validation_split", "test"):
        if len(getattr(data, part).labels) == 0:
            raise DataError(f"{data.name} has too few images to hold some out for {part}")
