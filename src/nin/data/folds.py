"""Division by scikit-learn's splitters: k folds, and groups that stay together.

Images of a group, such as several of one object or patient, stay in one part. Otherwise a network
would be tested on objects that it was trained on. Folds depend on nothing but the images, so that
all networks and seeds are tested on the same ones.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.data.split import Indices, Labels
from nin.errors import Argument, DataError
from nin.names import listed

#: Number of pieces into which groups are divided; a share is rounded to whole pieces.
_PIECES = 20
#: The most classes that a message names.
_NAMED = 3

Groups = NDArray[np.intp]


def fold_of(
    labels: Labels, folds: int, fold: int, classes: Sequence[str], groups: Groups | None = None
) -> tuple[Indices, Indices]:
    """Divide images into those to train on and those of one fold, stratified.

    Args:
        labels: (n,), the class of each image.
        folds: number of folds.
        fold: which fold is held out, from 0.
        classes: names of the classes.
        groups: (n,), the group of each image; a group is never divided. None: no groups.

    Returns:
        The positions to train on and the positions of the fold, each in increasing order.

    Raises:
        DataError: there are fewer images than folds, or a class would be missing from a fold.
    """
    check_fold(folds, fold)
    if folds > len(labels):
        problem = f"there are only {len(labels)} images"
        raise DataError(problem, about=Argument("folds", folds))
    _check_each_class(labels, folds, classes, groups)
    for number, (kept, held) in enumerate(_split(labels, folds, 0, groups)):
        if missing := sorted(set(labels.tolist()) - set(labels[held].tolist())):
            raise DataError(
                f"the groups leave fold {number} without any image of"
                f" {_quoted(missing, classes)}: give it more groups, or fewer folds",
                about=Argument("folds", folds),
            )
        if number == fold:
            chosen = kept, held
    return chosen


def hold_out_groups(
    labels: Labels, share: float, seed: int, what: str, classes: Sequence[str], groups: Groups
) -> tuple[Indices, Indices]:
    """Hold out about a share of the images in whole groups, stratified as far as possible.

    Args:
        labels: (n,), the class of each image.
        share: share of the images to hold out, above 0 and below 1.
        seed: 0 or more.
        what: the argument's name, for the message.
        classes: names of the classes.
        groups: (n,), the group of each image.

    Returns:
        The positions kept and the positions held out, each in increasing order.

    Raises:
        DataError: no group can be held out, or a class would have nothing left to train on.
    """
    count, largest = len(np.unique(groups)), int(np.bincount(labels).max())
    pieces = min(_PIECES, count, largest)
    if pieces < 2:
        problem = "all images are of one group" if count < 2 else "every class has a single image"
        raise DataError(f"{problem}: none can be held out for {what}", about=Argument("groups"))
    wanted = min(pieces - 1, max(1, round(share * pieces)))
    each = [held for _, held in _split(labels, pieces, seed, groups)]
    held = np.sort(np.concatenate(each[:wanted]))
    kept = np.setdiff1d(np.arange(len(labels)), held)
    if missing := sorted(set(labels.tolist()) - set(labels[kept].tolist())):
        raise DataError(
            f"all images of {_quoted(missing, classes)} would be held out for {what}, because they"
            f" are of too few groups: give it more groups, or leave out the class, or change the"
            " seed",
            about=Argument("groups"),
        )
    if not len(held):
        raise DataError(f"no group is small enough to be held out for {what}")
    return kept, held


def as_groups(values: Any, count: int) -> Groups:
    """Turn keys of any kind, one per image, into group numbers.

    Raises:
        DataError: there is not exactly one key per image, or some are missing (None or NaN).
    """
    keys = np.asarray(values)
    if keys.shape[:1] != (count,) or keys.ndim != 1:
        raise DataError(
            f"must have one key for each of the {count:,} images, not shape {keys.shape}",
            about=Argument("groups"),
        )
    missing = [place for place, key in enumerate(keys.tolist()) if key is None or key != key]
    if missing:
        raise DataError(
            f"{len(missing):,} of {count:,} images have no key, the first at position {missing[0]}:"
            " give each one, its own if it belongs to no other",
            about=Argument("groups"),
        )
    if keys.dtype.kind == "O":
        keys = keys.astype(str)
    found: Groups = np.unique(keys, return_inverse=True)[1]
    return found


def check_fold(folds: int | None, fold: int | None) -> None:
    """Refuse a number of folds, or a fold, that is out of range.

    Raises:
        DataError: one of them is, or a fold is given without the number of folds.
    """
    if folds is None:
        if fold is not None:
            raise DataError("give the number of folds as well", about=Argument("fold", fold))
        return
    if folds < 2:
        raise DataError("must be 2 or more", about=Argument("folds", folds))
    if fold is not None and not 0 <= fold < folds:
        raise DataError(f"must be from 0 to {folds - 1}", about=Argument("fold", fold))


def _check_each_class(
    labels: Labels, folds: int, classes: Sequence[str], groups: Groups | None
) -> None:
    units, kind = (np.arange(len(labels)), "image") if groups is None else (groups, "group")
    few = []
    for label in np.unique(labels).tolist():
        count = len(np.unique(units[labels == label]))
        if count < folds:
            few.append(f"{classes[label]!r} has {count} {kind}{'' if count == 1 else 's'}")
    if few:
        raise DataError(
            f"each class needs one {kind} per fold or more, and {listed(few, _NAMED)}",
            about=Argument("folds", folds),
        )


def _split(labels: Labels, pieces: int, seed: int, groups: Groups | None) -> Any:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    splitter = kind(pieces, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Callers check afterwards that no class is missing.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        yield from splitter.split(np.zeros(len(labels)), labels, groups)


def _quoted(labels: Sequence[int], classes: Sequence[str]) -> str:
    return listed([repr(classes[label]) for label in labels], _NAMED)
