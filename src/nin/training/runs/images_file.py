"""``images.npz`` in a run: images that were in memory when it was trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nin.data import ImageArrays, ImageData
from nin.data.sources import is_in_process
from nin.data.split import Part
from nin.files import replacing
from nin.training.recipe import Recipe
from nin.training.runs.dataset import settings_of

#: The file in a run that holds its images, if it was trained on arrays in memory.
ARRAYS = "images.npz"
_NAMES: dict[Part, str] = {"train": "train", "validation": "val", "test": "test"}


def keep_arrays(run: Path, data: ImageData, recipe: Recipe) -> None:
    """Write images that were in memory into a run directory, divided into parts.

    They could not be found again otherwise. Images of an ``.npz`` file are read from there instead.

    Args:
        run: the run directory.
        data: the images in use; only arrays in memory are kept.
        recipe: names the images.

    Raises:
        NinError: the disk is full or the folder cannot be written.
    """
    if not (isinstance(data, ImageArrays) and is_in_process(recipe.data)):
        return
    arrays: dict[str, Any] = {"class_names": np.array(data.classes, dtype=str)}
    for part in data.parts:
        images, labels = data.split(part)
        arrays |= {f"x_{_NAMES[part]}": np.asarray(images), f"y_{_NAMES[part]}": labels}
    with replacing(run / ARRAYS) as file:
        np.savez(file, **arrays)


def open_kept(path: Path, recipe: Recipe) -> ImageArrays:
    """The images that `keep_arrays` wrote, divided as they were.

    Args:
        path: the file.
        recipe: the run's; its shares, limit and folds were applied when the file was written.

    Raises:
        DataError: the file is damaged.
    """
    settings = settings_of(recipe) | {"validation": 0.0, "test": 0.0, "limit": None}
    side = recipe.image_size
    return ImageArrays.from_npz(path, resize=(side, side) if side else None, **settings)
