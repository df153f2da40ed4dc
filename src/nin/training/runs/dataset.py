"""The images that a recipe names."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, cast

from nin.data import (
    NAMED,
    Augmentation,
    ImageData,
    open_data,
)
from nin.data.decoding.decode import ResizeMode
from nin.data.folders.membership import Membership
from nin.data.in_memory.npz_file import is_npz
from nin.data.sources import as_evaluation_images, images_called, is_in_process
from nin.errors import Argument, RecipeError, RunError
from nin.training.recipe import Recipe
from nin.training.runs.evaluation_images import check_classes
from nin.training.runs.membership_file import membership_of_another
from nin.training.runs.run_format import DataRecord


def open_images(
    recipe: Recipe,
    *,
    skip_bad: bool = False,
    membership: Membership | None = None,
    bit_depth: int | None = None,
) -> ImageData:
    """The images that `recipe` trains on.

    Args:
        recipe: names the images, how they are divided and how they are augmented.
        skip_bad: skip images of a folder that cannot be read.
        membership: pictures of a folder whose part is known; None if there are none.
        bit_depth: least bit depth of pictures whose files do not state one; None: as they need.

    Raises:
        DataError: the images cannot be found or read.
        RecipeError: options for folders are given for other images.
    """
    arguments = settings_of(recipe)
    if is_in_memory(recipe.data):
        if recipe.stream:
            problem = f"{recipe.data} is held in memory, and only folders can be streamed"
            raise RecipeError(problem, about=Argument("stream", True))
        if recipe.groups is not None:
            problem = "a pattern is for names of files; give arrays a key per image"
            raise RecipeError(problem, about=Argument("groups"))
        arguments |= {"resize": (recipe.image_size,) * 2 if recipe.image_size else None}
        if recipe.data not in NAMED:
            arguments |= {"folds": recipe.folds, "fold": recipe.fold}
        elif recipe.folds is not None:
            problem = f"{recipe.data} has a published test set, on which results are compared"
            raise RecipeError(problem, about=Argument("folds", recipe.folds))
    else:
        arguments |= {"groups": recipe.groups, "folds": recipe.folds, "fold": recipe.fold}
        arguments |= {"skip_bad": skip_bad, "stream": recipe.stream}
        arguments |= {"resize_mode": recipe.resize_mode}
        arguments |= {"split_by": recipe.split_by, "membership": membership}
        arguments |= {"bit_depth": bit_depth}
        arguments |= {"image_size": recipe.image_size} if recipe.image_size else {}
    return open_data(recipe.data, **arguments)


def open_new(recipe: Recipe, *, skip_bad: bool = False) -> ImageData:
    """The images of a new training.

    In a folder without parts of its own, pictures that the run to start from was trained on are
    never in a part that is evaluated on, whatever the seed.

    Args:
        recipe: names the images.
        skip_bad: skip images of a folder that cannot be read.

    Raises:
        DataError: the images cannot be found or read.
        RecipeError: `recipe` has both folds and a run to start from.
        RunError: what `recipe` starts from is not a run, or a damaged one.
    """
    known = None
    if recipe.init is not None and recipe.folds is not None:
        problem = "images that the other run was trained on would be in a test"
        raise RecipeError(problem, about=Argument("init", recipe.init))
    if recipe.init is not None and not is_in_memory(recipe.data):
        known = membership_of_another(recipe.init)
    return open_images(recipe, skip_bad=skip_bad, membership=known)


def data_record(data: ImageData) -> DataRecord:
    """What a run's record holds of its images."""
    return cast(DataRecord, data.describe())


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """A recipe's settings for images of any kind, as arguments of their class."""
    changes = {field.name: getattr(recipe, field.name) for field in fields(Augmentation)}
    augmentation = Augmentation(**changes)
    return {
        "batch_size": recipe.part_size,
        "validation": recipe.validation,
        "limit": recipe.limit,
        "seed": recipe.seed,
        "augmentation": None if augmentation == Augmentation() else augmentation,
        "balance": recipe.balance,
    }


def is_in_memory(data: str) -> bool:
    """Whether `data` names no folder but a published set, arrays, or a file of arrays."""
    return data in NAMED or is_in_process(data) or is_npz(data)


def open_others(
    data: Any,
    image_shape: tuple[int, int, int],
    classes: tuple[str, ...],
    resize_mode: ResizeMode = "squash",
    bit_depth: int | None = None,
    *,
    skip_bad: bool = False,
) -> ImageData:
    """Images of a network's classes, other than those it was trained on.

    Args:
        data: a named data set, a folder, an ``.npz`` file, or images; see `as_evaluation_images`.
        image_shape: (height, width, channels) of the images it was trained on, as stored.
        classes: the classes it was trained on.
        resize_mode: how a folder's pictures are made square, as in its training.
        bit_depth: as for `open_images`, as in its training.
        skip_bad: skip images of a folder that cannot be read.

    Raises:
        DataError: the images cannot be found or read.
        RunError: some are of other classes, or they have another number of channels.
    """
    size, _, channels = image_shape
    if isinstance(data, str) and is_in_process(data):
        images = as_evaluation_images(images_called(data), classes)
    elif not isinstance(data, str) or is_npz(data):
        images = as_evaluation_images(data, classes)
    elif data in NAMED:
        images = open_data(data)
    else:
        images = open_data(
            data,
            validation=0.0,
            test=0.0,
            image_size=size,
            grey=channels == 1,
            resize_mode=resize_mode,
            bit_depth=bit_depth,
            skip_bad=skip_bad,
        )
    named = data if isinstance(data, str) else images.name
    check_classes(images.classes, classes, named)
    if images.image_shape[-1] != channels:
        raise RunError(
            f"{named} has {images.image_shape[-1]} channels, the run was trained on {channels}"
        )
    return images
