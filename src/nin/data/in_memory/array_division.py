"""Which images in arrays are for training, for validation and for the test."""

from __future__ import annotations

import numpy as np

from nin.data.folds import fold_of, hold_out_groups
from nin.data.in_memory.given_arrays import GivenArrays
from nin.data.split import Indices, Part, hold_out, stratified
from nin.errors import Argument, DataError


def divide_arrays(
    given: GivenArrays,
    *,
    validation: float,
    limit: int | None,
    seed: int,
    folds: int | None,
    fold: int | None,
) -> dict[Part, Indices]:
    """Divide the training images that were given: part → their positions.

    Args:
        given: the arrays, and the share of them to hold out for the test.
        validation: share of the images to hold out for validation, unless they have such a part.
        limit: train on at most this many. None: all.
        seed: random seed for what is held out for validation, or left out.
        folds: number of folds, one of which is the test part. None: divide by share.
        fold: which fold is the test part, from 0.

    Raises:
        DataError: a class or a part has no images, or folds are wanted of images that were given
            in parts.
    """
    labels = given.parts["train"].labels
    for number, name in enumerate(given.classes):
        if number not in labels:
            raise DataError(f"{given.name} has no training image of class {name!r}")
    kept = np.arange(len(labels))
    found: dict[Part, Indices] = {}
    if folds is not None:
        if len(given.parts) > 1:
            raise DataError(
                "all images are divided, but some were given as a part of their own",
                about=Argument("folds", folds),
            )
        kept, found["test"] = fold_of(labels, folds, fold or 0, given.classes, given.groups)
    elif given.test and "test" not in given.parts:
        kept, found["test"] = _held_out(given, kept, given.test, 0, "test")
    if validation and "validation" not in given.parts:
        # The share is of all images, as in a folder.
        share = validation * len(labels) / len(kept) if folds is None else validation
        kept, found["validation"] = _held_out(given, kept, share, seed, "validation")
    if limit is not None and limit < len(kept):
        kept = kept[stratified(labels[kept], limit, seed)]
    if len(lost := np.setdiff1d(np.arange(len(given.classes)), labels[kept])):
        name = given.classes[lost[0]]
        raise DataError(f"{given.name}: no image of class {name!r} is left to train on")
    return {**found, "train": kept}


def _held_out(
    given: GivenArrays, among: Indices, share: float, seed: int, what: str
) -> tuple[Indices, Indices]:
    labels = given.parts["train"].labels[among]
    if given.groups is None:
        kept, held = hold_out(labels, share, seed, what)
    else:
        groups = given.groups[among]
        kept, held = hold_out_groups(labels, share, seed, what, given.classes, groups)
    return among[kept], among[held]
