"""Arrays of images and labels as they were given: checked, but not yet divided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nin.data.folds import Groups, as_groups
from nin.data.in_memory.label_values import as_labels
from nin.data.in_memory.pixel_values import as_pixels
from nin.data.split import Part, Split
from nin.errors import Argument, DataError

#: How messages name the arrays of each part.
_WORDS: dict[Part, str] = {"train": "train", "validation": "val", "test": "test"}


class GivenArrays(NamedTuple):
    """What was given, before anything is divided.

    Attributes:
        parts: the images and labels that were given for each part.
        classes: names of the classes.
        groups: (n,), the group of each training image.
        test: share of the training images to hold out for the test.
        name: what the set is called.
        notes: what a user should know about the arrays.
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
    """Convert images to uint8 and labels to numbers, consistently for all parts; `test` is 0.

    Args:
        given: images and labels by part.
        classes: names of the classes, in order. None: those that occur.
        groups: (n,), keys of the training images. None: each image is on its own.
        name: what the set is called.

    Raises:
        DataError: an array cannot be used, or the numbers of images and labels differ.
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
    """Check a pair of images and labels that was given for one part, and return it.

    Args:
        value: the pair.
        what: the argument's name, for the message.

    Raises:
        DataError: it is not a pair.
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise DataError("must be a share, or a pair of images and labels", about=Argument(what))
    return value[0], value[1]
