"""Which picture of a folder is in which part, where the folder itself is not divided.

A file's content and the seed decide: adding pictures leaves all others where they were, renaming
changes nothing, and copies of a picture are in one part. A number in [0, 1) is drawn for each
content. Below the test share, the picture is in the test part; from there up to the test and
validation shares together, in the validation part; above that, in the training part. Nothing else
in the folder matters, except in two cases that are rare in all but tiny folders:

- A class without any training picture takes its picture with the highest number.
- A part without any picture takes the training picture with the lowest number that is not the only
  one of its class. If there is none, as where all pictures of a class are copies of one, copies are
  divided as if they were different.

So a picture that was trained on can move to the test part only if it was the only training picture
of its class and the class then got others, or if copies of it are in two classes. The first cannot
be avoided: a class with one picture has to train on it, and would have to for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from nin.data.folders.content import Digests, digest_files, places
from nin.data.folders.grouping import GroupBy, group_digests
from nin.data.folders.listing import Files, Listing
from nin.data.folders.membership import LEFT_OUT, UNKNOWN, USED, Membership
from nin.data.folds import check_fold, fold_of
from nin.data.split import PARTS, Indices, Labels, Part, hold_out, stratified
from nin.errors import Argument, DataError

#: What decides the part of a picture: its content or, in runs made before there was a choice, its
#: place among the others, sorted by name.
SplitBy = Literal["content", "position"]

TRAIN: int = PARTS.index("train")


class Division(NamedTuple):
    """The pictures of each part.

    Attributes:
        parts: the files of each part that exists.
        digests: digests of their content, for the parts for which they were computed.
        left_out: the training files beyond the limit.
    """

    parts: dict[Part, Files]
    digests: dict[Part, Digests]
    left_out: Files


def divide(
    listing: Listing,
    validation: float,
    test: float,
    limit: int | None,
    seed: int,
    *,
    split_by: SplitBy = "content",
    known: Membership | None = None,
    groups: GroupBy | None = None,
    folds: int | None = None,
    fold: int | None = None,
) -> Division:
    """Assign each picture to a part; what the folder does not divide is divided by `seed`.

    Args:
        listing: what the folder holds.
        validation: share of all pictures held out for validation, unless there is a folder for it.
        test: share of all pictures held out for the test, unless there is a train/ folder.
        limit: keep at most this many training pictures, classes in proportion. None: all.
        seed: 0 or more.
        split_by: what decides the part of a picture.
        known: pictures whose part is already known, or None.
        groups: which pictures must be in one part; see `nin.data.folders.grouping`. None: copies.
        folds: number of folds, one of which is the test part. None: divide by share.
        fold: which fold is the test part, from 0.

    Raises:
        DataError: a part, or a class in a fold, has no pictures; or folds of a divided folder.
    """
    check_fold(folds, fold)
    if folds is not None and listing.split:
        problem = f"{listing.root} is divided by folders already"
        raise DataError(problem, about=Argument("folds", folds))
    parts = dict(listing.parts)
    if "test" not in parts and "validation" in parts:
        parts["test"] = parts.pop("validation")
    shares: dict[Part, float] = {}
    if not listing.split and test:
        shares["test"] = test
    if "validation" not in parts and validation:
        shares["validation"] = validation
    division = None
    if folds is not None:
        shares["test"] = 1 / folds
    if split_by == "content":
        place = None if folds is None else _Fold(folds, fold or 0, listing.classes)
        keep = _Keep(known, groups, listing.root)
        division = _by_content(dict(parts), shares, limit, seed, keep, place)
    if division is None and (groups is not None or folds is not None):
        raise DataError(
            f"{listing.root}: there are too few different pictures, or groups of them, for each"
            " part and each class to train on"
        )
    return division or _by_position(parts, shares, limit, seed)


def check_split_by(split_by: str) -> None:
    """Refuse a name that is not one of `SplitBy`.

    Raises:
        DataError: it is not.
    """
    if split_by not in get_args(SplitBy):
        problem = "must be content or position"
        raise DataError(problem, about=Argument("split_by", repr(split_by)))


def parts_by_content(
    labels: Labels,
    digests: Digests,
    shares: Mapping[Part, float],
    seed: int,
    known: Membership | None = None,
    units: Digests | None = None,
    evaluated: Part = "test",
) -> NDArray[np.int16] | None:
    """The part of each picture (n,), as positions in `PARTS`.

    None if there are too few different pictures for each part to have one, and for each class to
    have one to train on.

    Args:
        labels: (n,), the class of each picture.
        digests: (n,), digests of their content.
        shares: share of all pictures for each part other than training; above 0, in total below 1.
        seed: 0 or more.
        known: pictures that stay in training, or in the part of `shares` that they are in. Known
            pictures of other parts, or of none, are kept out of the part that is evaluated on.
        units: (n,), digests of their groups. None: pictures of equal content are a group.
        evaluated: the part that the network is evaluated on in the end.
    """
    contents, each = np.unique(digests if units is None else units, return_inverse=True)
    drawn = places(contents, seed)
    part = np.full(len(contents), TRAIN, np.int16)
    below = 0.0
    for name, share in shares.items():
        part[(drawn >= below) & (drawn < below + share)] = PARTS.index(name)
        below += share
    barred = pinned = np.zeros(len(contents), bool)
    if known is not None:
        codes = np.full(len(contents), UNKNOWN, np.int16)
        of_each = known.codes(digests)
        # A group gets the last of these: one picture that was trained on keeps it out of the test.
        for code in (PARTS.index("test"), PARTS.index("validation"), LEFT_OUT, USED, TRAIN):
            codes[each[of_each == code]] = code
        barred = ~np.isin(codes, [UNKNOWN, PARTS.index("test"), PARTS.index(evaluated)])
        pinned = codes == PARTS.index(evaluated)
        stays = np.isin(codes, [TRAIN, *(PARTS.index(name) for name in shares)])
        part[stays] = codes[stays]
        part[barred & (part == PARTS.index(evaluated))] = TRAIN
    # A class takes a picture that `known` evaluates on only if it has no other.
    _leave_no_class_untrained(part, np.where(pinned, drawn - 1, drawn), labels, each)
    for name in shares:
        if (part == PARTS.index(name)).any():
            continue
        free = np.flatnonzero(_is_spare(part, labels, each) & ~(barred & (name == evaluated)))
        if not len(free):
            return None
        part[free[drawn[free].argmin()]] = PARTS.index(name)
    return part[each]


def _leave_no_class_untrained(
    part: NDArray[np.int16], drawn: NDArray[np.float64], labels: Labels, each: Indices
) -> None:
    trained = np.unique(labels[part[each] == TRAIN])
    for label in np.setdiff1d(labels, trained).tolist():
        contents = each[labels == label]
        part[contents[drawn[contents].argmax()]] = TRAIN


def _is_spare(part: NDArray[np.int16], labels: Labels, each: Indices) -> NDArray[np.bool_]:
    """Whether each content is in training, and not the only one there of any of its classes."""
    trained = part[each] == TRAIN
    pairs = np.unique(np.stack([labels[trained], each[trained]]), axis=1)
    counts = np.bincount(pairs[0], minlength=int(labels.max()) + 1)
    spare: NDArray[np.bool_] = part == TRAIN
    spare[pairs[1][counts[pairs[0]] < 2]] = False
    return spare


class _Fold(NamedTuple):
    folds: int
    fold: int
    classes: tuple[str, ...]


class _Keep(NamedTuple):
    """Which pictures must stay in their part, or stay together."""

    known: Membership | None
    groups: GroupBy | None
    root: Path


def _by_content(
    parts: dict[Part, Files],
    shares: Mapping[Part, float],
    limit: int | None,
    seed: int,
    keep: _Keep,
    place: _Fold | None,
) -> Division | None:
    train = parts["train"]
    is_cut = limit is not None and limit < len(train.paths)
    if not shares and not is_cut:
        return Division(_in_order(parts), {}, Files([], train.labels[:0]))
    digests = digest_files(train.paths, keep.root)
    found = {}
    known = None if keep.known is None or keep.known.is_ambiguous() else keep.known
    units = None
    if keep.groups is not None:
        is_new = known is None or known.is_of_another_run()  # Else pictures added are left out.
        units = group_digests(train.paths, digests, keep.root, keep.groups, all_match=is_new)
        if units is None and known is None:
            raise DataError(
                "it was a function, and functions are not saved: give it again",
                about=Argument("groups"),
            )
    if place is None or known is not None:
        final: Part = "test" if "test" in {*parts, *shares} else "validation"
        codes = parts_by_content(train.labels, digests, shares, seed, known, units, final)
    else:
        codes = _fold_by_content(train.labels, digests, shares, seed, units, place)
    if codes is None:
        if known is not None and known.is_of_another_run() and len(known.used(digests)):
            raise DataError(
                f"{keep.root}: all pictures that could be held out were used by that run: give"
                " others in a folder test/",
                about=Argument("init"),
            )
        return None
    before = np.full(len(digests), UNKNOWN) if known is None else known.codes(digests)
    codes[before == LEFT_OUT] = LEFT_OUT
    if limit is not None and limit < (codes == TRAIN).sum():
        inside = np.flatnonzero(codes == TRAIN)
        drawn, is_new = places(digests[inside], seed), before[inside] != TRAIN
        order = np.lexsort((-inside, -drawn, is_new))
        chosen = stratified(train.labels[inside], limit, seed, order)
        codes[np.delete(inside, chosen)] = LEFT_OUT
    for part in ("train", *shares):
        chosen = np.flatnonzero(codes == PARTS.index(part))
        parts[part], found[part] = train.take(chosen), digests[chosen]
    return Division(_in_order(parts), found, train.take(np.flatnonzero(codes == LEFT_OUT)))


def _fold_by_content(
    labels: Labels,
    digests: Digests,
    shares: Mapping[Part, float],
    seed: int,
    units: Digests | None,
    place: _Fold,
) -> NDArray[np.int16] | None:
    """The part of each picture, as `parts_by_content`, with one fold of all as the test part."""
    units = digests if units is None else units
    contents, each = np.unique(units, return_inverse=True)
    together = None if len(contents) == len(each) else each
    kept, _ = fold_of(labels, place.folds, place.fold, place.classes, together)
    codes = np.full(len(labels), PARTS.index("test"), np.int16)
    others: dict[Part, float] = {part: share for part, share in shares.items() if part != "test"}
    rest = parts_by_content(labels[kept], digests[kept], others, seed, None, units[kept])
    if rest is None:
        return None
    codes[kept] = rest
    return codes


def _by_position(
    parts: dict[Part, Files], shares: Mapping[Part, float], limit: int | None, seed: int
) -> Division:
    total = len(parts["train"].paths)
    for part, share in shares.items():
        train = parts["train"]
        of_these = share if part == "test" else share * total / len(train.paths)
        kept, held = hold_out(train.labels, of_these, seed, part)
        parts["train"], parts[part] = train.take(kept), train.take(held)
    train = parts["train"]
    left_out = Files([], train.labels[:0])
    if limit is not None and limit < len(train.paths):
        chosen = stratified(train.labels, limit, seed)
        left_out = train.take(np.setdiff1d(np.arange(len(train.paths)), chosen))
        parts["train"] = train.take(chosen)
    return Division(_in_order(parts), {}, left_out)


def _in_order(parts: dict[Part, Files]) -> dict[Part, Files]:
    return {part: parts[part] for part in PARTS if part in parts}
