"""The parts of a data set, and stratified sampling by seed."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from nin.errors import Advice, Argument, DataError

Labels = NDArray[np.int32]
Indices = NDArray[np.intp]

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)


class StoredImages(Protocol):
    """Images (n, height, width, channels), uint8: an array, or an object indexed like one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, height, width, channels)."""

    def __len__(self) -> int: ...

    def __getitem__(self, key: Any, /) -> Any: ...

    def __array__(self) -> NDArray[np.uint8]: ...


class Split(NamedTuple):
    """One part of a set.

    Attributes:
        images: (n, height, width, channels), uint8; an array, or pictures on disk that are indexed
            like an array.
        labels: (n,), int32: positions in the set's `classes`.
    """

    images: StoredImages
    labels: Labels


def stratified(labels: Labels, count: int, seed: int, order: Indices | None = None) -> Indices:
    """Choose `count` samples in proportion to the classes, at least one of each if `count` allows.

    With the same `seed` a larger `count` extends the choice within each class, up to rounding.

    Args:
        labels: (n,), the class of each sample.
        count: how many to choose, from 0 to n.
        seed: 0 or more.
        order: (n,), positions in the order in which to choose them. None: at random, by `seed`.

    Returns:
        The chosen positions in increasing order.
    """
    classes, sizes = np.unique(labels, return_counts=True)
    if order is None:
        order = np.random.default_rng(seed).permutation(len(labels))
    shuffled = labels[order]
    chosen = [
        order[shuffled == label][:quota]
        for label, quota in zip(classes, _quotas(sizes, count), strict=True)
    ]
    return np.sort(np.concatenate(chosen)) if chosen else order


def hold_out(labels: Labels, share: float, seed: int, what: str) -> tuple[Indices, Indices]:
    """Divide samples in two, stratified; no class is held out entirely unless it has to be.

    Args:
        labels: (n,), the class of each sample.
        share: share to hold out, above 0 and below 1, rounded to whole samples.
        seed: 0 or more.
        what: the argument's name, for the message.

    Returns:
        The positions kept and the positions held out, each in increasing order.

    Raises:
        DataError: nothing is kept or nothing is held out.
    """
    total = len(labels)
    kept = stratified(labels, total - round(share * total), seed)
    if len(kept) in (0, total):
        raise DataError(
            f"a share of {share:g} of {total} images for {what} leaves a part without any",
            "add images",
            Advice("change {}", Argument(what)),
        )
    held = np.setdiff1d(np.arange(total), kept, assume_unique=True)
    return kept, held


def check_share(what: str, share: float) -> None:
    """Refuse a share that is not in [0, 1).

    Raises:
        DataError: it is not; the message names the argument.
    """
    if not 0 <= share < 1:
        raise DataError(f"{what} must be 0 or more and below 1, not {share:g}")


def _quotas(sizes: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Integers up to `sizes` that add up to `count`, by largest remainder."""
    floor = 1 if count >= len(sizes) else 0
    count -= floor * len(sizes)
    room = sizes - floor
    exact = count * room / max(room.sum(), 1)
    quotas: NDArray[np.intp] = np.floor(exact).astype(np.intp)
    left = count - int(quotas.sum())
    quotas[np.argsort(quotas - exact, kind="stable")[:left]] += 1
    return quotas + floor
