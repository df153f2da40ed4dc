"""The images that a recipe asks for."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from rich.console import Console

from nin.data import NAMED, Augmentation, DataModule, ImageData, ImageFolder, open_data
from nin.data.decode_many import in_words
from nin.data.decoding.decode import ResizeMode
from nin.data.folders.membership import Membership
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
        RecipeError: a published set is to be streamed.
    """
    changes = {field.name: getattr(recipe, field.name) for field in fields(Augmentation)}
    augmentation = Augmentation(**changes)
    arguments: dict[str, Any] = {
        "batch_size": recipe.part_size,
        "validation": recipe.validation,
        "limit": recipe.limit,
        "seed": recipe.seed,
        "augmentation": None if augmentation == Augmentation() else augmentation,
        "balance": recipe.balance,
    }
    if recipe.data in NAMED:
        if recipe.stream:
            said = f"{recipe.data} is held in memory; folders are read"
            raise RecipeError(said, about=Argument("stream", True))
        arguments |= {"resize": (recipe.image_size,) * 2 if recipe.image_size else None}
    else:
        arguments |= {"skip_bad": skip_bad, "stream": recipe.stream}
        arguments |= {"resize_mode": recipe.resize_mode}
        arguments |= {"split_by": recipe.split_by, "membership": membership}
        arguments |= {"bit_depth": bit_depth}
        arguments |= {"image_size": recipe.image_size} if recipe.image_size else {}
    return open_data(recipe.data, **arguments)


def open_others(
    data: str,
    image_shape: tuple[int, int, int],
    classes: tuple[str, ...],
    resize_mode: ResizeMode = "squash",
    bit_depth: int | None = None,
    *,
    skip_bad: bool = False,
) -> ImageData:
    """Images that a network was not trained on, of classes that it knows.

    Args:
        data: a named data set or a folder.
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
    if data in NAMED:
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
    check_classes(images.classes, classes, data)
    if images.image_shape[-1] != channels:
        raise RunError(
            f"{data} has {images.image_shape[-1]} channels, the run was trained on {channels}"
        )
    return images


def found_note(data: DataModule, divided: bool = True) -> str | None:
    """What was found in a folder of pictures; of other data None. Two to six lines, safe to print.

    Args:
        data: the pictures.
        divided: whether to say how many are in each part that is used.
    """
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
