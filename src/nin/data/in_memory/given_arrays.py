"""Arrays of images and labels as they were given: checked, and not yet divided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nin.data.folds import Groups, as_groups
from nin.data.in_memory.label_values import as_labels
from nin.data.in_memory.pixel_values import as_pixels
from nin.data.split import Part, Split
from nin.errors import Argument, DataError

#: What an array of each part is called in messages.
_WORDS: dict[Part, str] = {"train": "train", "validation": "val", "test": "test"}


class GivenArrays(NamedTuple):
    """What was given, before anything is divided.

    Attributes:
        parts: images and labels that were given as a part of their own.
        classes: the classes' names.
        groups: (n,), of the training images.
        test: share of the training images that is held out for the test.
        name: what the set is called.
        notes: what a user should know of the arrays.
    """

    parts: dict[Part, Split]
    classes: tuple[str, ...]
    groups: Groups | None
    test: float
    name: str
    notes: tuple[str, ...] = ()


def as_given(
    given: Mapping[Part, tuple[Any, Any]], classes: Sequence[Any] | None, groups: Any, name: str
) -> GivenArrays:
    """Images as uint8 and labels as numbers, of all parts alike; nothing is held out for the test.

    Args:
        given: images and labels by part.
        classes: the classes' names, in order. None: those that occur.
        groups: (n,), keys of the training images. None: each image is on its own.
        name: what the set is called.

    Raises:
        DataError: an array cannot be used, or there are more images than labels, or fewer.
    """
    words: dict[Part, tuple[str, str]] = {
        part: ("x", "y") if len(given) == 1 else (f"x_{_WORDS[part]}", f"y_{_WORDS[part]}")
        for part in given
    }
    pixels, notes = as_pixels({words[part][0]: pair[0] for part, pair in given.items()})
    labels, names = as_labels({words[part][1]: pair[1] for part, pair in given.items()}, classes)
    parts: dict[Part, Split] = {}
    for part, (x, y) in words.items():
        if len(pixels[x]) != len(labels[y]):
            raise DataError(
                f"{x} holds {len(pixels[x]):,} images, and {y} {len(labels[y]):,} labels: give as"
                " many of each"
            )
        parts[part] = Split(pixels[x], labels[y])
    keys = None if groups is None else as_groups(groups, len(parts["train"].labels))
    return GivenArrays(parts, names, keys, 0.0, name, tuple(notes))


def as_pair(value: Any, what: str) -> tuple[Any, Any]:
    """Images and labels that were given as a part of their own.

    Args:
        value: the pair.
        what: the argument's name, for the message.

    Raises:
        DataError: it is something else.
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise DataError("must be a share, or a pair of images and labels", about=Argument(what))
    return value[0], value[1]
