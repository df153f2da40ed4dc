"""The images that a recipe asks for."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from rich.console import Console

from nin.data import (
    NAMED,
    Augmentation,
    DataModule,
    ImageArrays,
    ImageData,
    ImageFolder,
    open_data,
)
from nin.data.decode_many import in_words
from nin.data.decoding.decode import ResizeMode
from nin.data.folders.membership import Membership
from nin.data.in_memory.npz_file import is_npz
from nin.data.sources import as_judged, is_in_process
from nin.data.split import Part
from nin.errors import Argument, RecipeError, RunError
from nin.names import printable
from nin.training.recipe import Recipe
from nin.training.runs.judged_images import check_classes


def open_images(
    recipe: Recipe,
    *,
    skip_bad: bool = False,
    membership: Membership | None = None,
    bit_depth: int | None = None,
) -> ImageData:
    """The images that `recipe` trains on.

    Args:
        recipe: names them, and says what is held out and how they are changed.
        skip_bad: in a folder, go on without those that cannot be read.
        membership: pictures of a folder whose part is known. None: none.
        bit_depth: bits that values of a folder's pictures have at least. None: as they need.

    Raises:
        DataError: they cannot be had.
        RecipeError: what only a folder has is asked of other images.
    """
    arguments = settings_of(recipe)
    if is_in_memory(recipe.data):
        if recipe.stream:
            said = f"{recipe.data} is held in memory; folders are read"
            raise RecipeError(said, about=Argument("stream", True))
        if recipe.groups is not None:
            said = "a pattern is for names of files; arrays have a key per image"
            raise RecipeError(said, about=Argument("groups"))
        arguments |= {"resize": (recipe.image_size,) * 2 if recipe.image_size else None}
        if recipe.data not in NAMED:
            arguments |= {"folds": recipe.folds, "fold": recipe.fold}
        elif recipe.folds is not None:
            said = f"{recipe.data} has a test of its own, by which everybody is judged"
            raise RecipeError(said, about=Argument("folds", recipe.folds))
    else:
        arguments |= {"groups": recipe.groups, "folds": recipe.folds, "fold": recipe.fold}
        arguments |= {"skip_bad": skip_bad, "stream": recipe.stream}
        arguments |= {"resize_mode": recipe.resize_mode}
        arguments |= {"split_by": recipe.split_by, "membership": membership}
        arguments |= {"bit_depth": bit_depth}
        arguments |= {"image_size": recipe.image_size} if recipe.image_size else {}
    return open_data(recipe.data, **arguments)


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """What a recipe says of images of any kind, as arguments of their class."""
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
    """Whether what a recipe names so is no folder: a published set, arrays, or a file of them."""
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
    """Images that a network was not trained on, of classes that it knows.

    Args:
        data: a named data set, a folder, an ``.npz`` file, or images; see `as_judged`.
        image_shape: (height, width, channels) of those it was trained on, as stored.
        classes: what it was trained to tell apart.
        resize_mode: how a folder's pictures become squares, as in its training.
        bit_depth: bits that values of a folder's pictures have at least, as in its training.
        skip_bad: in a folder, go on without those that cannot be read.

    Raises:
        DataError: the images cannot be had.
        RunError: some are of other classes, or they have another number of channels.
    """
    size, _, channels = image_shape
    if not isinstance(data, str) or is_npz(data):
        images = as_judged(data, classes)
    elif data in NAMED:
        images = open_data(data)
    else:
        images = open_data(
            data,
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


def found_note(data: DataModule, divided: bool = True) -> str | None:
    """What was found in a folder of pictures, or is to be said of arrays; None: nothing.

    Lines that are safe to print.

    Args:
        data: the pictures.
        divided: whether to say how many are in each part that is used.
    """
    if isinstance(data, ImageArrays):
        return "\n".join(map(printable, data.notes)) or None
    if not isinstance(data, ImageFolder):
        return None
    counts = {part: len(data.files(part).labels) for part in data.parts}
    if not divided or counts == data.inventory.pictures:
        return data.inventory.text()
    used = ", ".join(f"{part} {count:,}{_without(data, part)}" for part, count in counts.items())
    return f"{data.inventory.text()}\nused: {used}"


def _without(data: ImageFolder, part: Part) -> str:
    """The classes that a part lacks, in brackets: too small to be divided, perhaps."""
    there = set(data.files(part).labels.tolist())
    names = [printable(name) for label, name in enumerate(data.classes) if label not in there]
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f" (none of {', '.join(names[:5])}{more})" if names else ""


def show_found(data: DataModule, divided: bool = True) -> None:
    """Print `found_note` on standard error, before anything is read."""
    if (note := found_note(data, divided)) is not None:
        Console(stderr=True, soft_wrap=True, highlight=False).print(note, markup=False)


def balance_note(data: DataModule) -> str | None:
    """What a person should know of the sizes of the classes before training, in one line."""
    return data.imbalance() if isinstance(data, ImageData) else None


def pictures_note(data: DataModule) -> str | None:
    """What is to be said of the pictures of a folder as far as they have been read, in one line."""
    return in_words(data.remarks, data.bit_depth) if isinstance(data, ImageFolder) else None


def unreadable_note(data: DataModule) -> str | None:
    """The pictures that have been left out so far, in one line; None if there are none."""
    skipped = getattr(data, "skipped", ())
    if not skipped:
        return None
    return printable(f"left out {len(skipped)} unreadable images: {', '.join(skipped[:10])}")
