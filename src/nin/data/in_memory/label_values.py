"""What an array of labels may hold, and how it is converted to positions in the classes.

Integers count from 0, as in Keras; strings are names of classes; one row per image with a single
1 is one-hot. A column of shape (n, 1), as in CIFAR-10 and MedMNIST, is read as (n,).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.data.split import Labels
from nin.errors import Argument, DataError, first_line
from nin.names import listed, normalized

#: Numbers that would mean more classes than this are measurements rather than labels.
_MOST = 100_000


def as_labels(
    given: Mapping[str, Any], classes: Sequence[Any] | None = None
) -> tuple[dict[str, Labels], tuple[str, ...]]:
    """Return the labels of each part as positions in the classes, and the names of the classes.

    Args:
        given: name of an array → the array: (n,), (n, 1) or one-hot (n, classes).
        classes: names of the classes, in order. None: those that occur, sorted, or ``"0"``,
            ``"1"``, ….

    Raises:
        DataError: an array has another shape or kind, or a label is out of range or not a class.
    """
    names = None if classes is None else _names(classes)
    arrays = {what: _flat(what, value, names) for what, value in given.items()}
    texts = [array.dtype.kind == "U" for array in arrays.values()]
    if any(texts) and not all(texts):
        raise DataError(f"{' and '.join(arrays)}: some labels are strings and some are numbers")
    if texts[0]:
        return _by_name(arrays, names)
    return _by_number(arrays, names)


def by_names_in_order_of_text(labels: Any, classes: Sequence[str]) -> Any:
    """Return labels as strings if they are numbers that are the names of a network's classes.

    Folders and tables sort their classes as text. Where classes are named by numbers, 0, 1, 10, 2,
    a number is therefore not its position.

    Args:
        labels: (n,) or (n, 1) whole numbers; others are returned as they are.
        classes: names of the network's classes.
    """
    numbers = [int(name) if name.isdecimal() else -1 for name in classes]
    if min(numbers) < 0 or numbers == [*range(len(classes))] or np.ndim(labels) not in (1, 2):
        return labels
    given = np.asarray(labels)
    given = given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given
    if given.dtype.kind == "f" and (given % 1 == 0).all():
        given = given.astype(np.int64)
    is_number = given.ndim == 1 and given.dtype.kind in "ui"
    is_named = is_number and set(np.unique(given).tolist()) <= {*numbers}
    return given.astype(str) if is_named and {*map(str, numbers)} == {*classes} else labels


def _names(classes: Sequence[Any]) -> tuple[str, ...]:
    names = tuple(normalized(str(name)) for name in classes)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{twice!r} is given twice", about=Argument("classes"))
    return names


def _as_array(what: str, value: Any) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise DataError(f"{what} is no array: an image has one label") from error
    except (TypeError, RuntimeError) as error:  # A tensor on a GPU, or with a gradient.
        raise DataError(f"{what} cannot be read as an array: {first_line(error)}") from error


def _flat(what: str, value: Any, names: tuple[str, ...] | None) -> NDArray[Any]:
    labels = _as_array(what, value)
    if labels.dtype.kind == "O" and all(isinstance(label, str) for label in labels.ravel()):
        labels = labels.astype(str)  # As pandas keeps them.
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "surrogateescape")
    if labels.dtype.kind not in "buifU":
        raise DataError(f"{what} holds {labels.dtype}: labels must be integers, strings or one-hot")
    if labels.size == 0:
        raise DataError(f"{what} is empty: it holds no labels")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind != "U":
        labels = _from_one_hot(what, labels, names)
    if labels.ndim != 1:
        raise DataError(
            f"{what} is of shape {labels.shape}: labels are (n,) or one-hot (n, classes)"
        )
    if labels.dtype.kind == "f" and not (labels % 1 == 0).all():  # True of NaN, too.
        raise DataError(f"{what} holds {labels[labels % 1 != 0][0]:g}: labels must be integers")
    return labels if labels.dtype.kind == "U" else labels.astype(np.int64)


def _from_one_hot(what: str, rows: NDArray[Any], names: tuple[str, ...] | None) -> NDArray[Any]:
    if rows.size and not (np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all()):
        odd = int(np.flatnonzero(~(np.isin(rows, (0, 1)).all(1) & (rows.sum(axis=1) == 1)))[0])
        raise DataError(
            f"{what} is of shape {rows.shape}, and row {odd} is not one-hot: an image has one class"
        )
    if names is not None and rows.shape[1] != len(names):
        problem = f"{len(names)} names, but {what} has {rows.shape[1]} columns"
        raise DataError(problem, about=Argument("classes"))
    found: NDArray[Any] = rows.argmax(axis=1)
    return found


def _by_name(
    arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...] | None
) -> tuple[dict[str, Labels], tuple[str, ...]]:
    texts = {what: [normalized(text) for text in array.tolist()] for what, array in arrays.items()}
    if names is None:
        names = tuple(sorted({text for each in texts.values() for text in each}))
    place = {name: number for number, name in enumerate(names)}
    for what, each in texts.items():
        if odd := sorted({text for text in each if text not in place}):
            raise DataError(
                f"{what}: {_quoted(odd)} is not one of the classes, which are {_quoted(names)}"
            )
    return {
        what: np.array([place[t] for t in each], np.int32) for what, each in texts.items()
    }, names


def _by_number(
    arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...] | None
) -> tuple[dict[str, Labels], tuple[str, ...]]:
    least = min(int(array.min()) for array in arrays.values())
    highest = max(int(array.max()) for array in arrays.values())
    if names is None and least > 0:
        raise DataError(
            f"labels from {least} to {highest}: they count from 0, so subtract {least}, or give"
            " texts"
        )
    count = len(names) if names is not None else highest + 1
    for what, array in arrays.items():
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >= count:
            way = ": they count from 0, so subtract 1" if (least, highest) == (1, count) else ""
            raise DataError(
                f"{what}: label {low if low < 0 else high} is out of range for {count} classes,"
                f" which are numbered 0 to {count - 1}{way}"
            )
    if count > _MOST:
        raise DataError(f"labels up to {highest:,}: at most {_MOST:,} classes are possible")
    return {what: array.astype(np.int32) for what, array in arrays.items()}, (
        names or tuple(map(str, range(count)))
    )


def _quoted(names: Sequence[str]) -> str:
    return listed([*map(repr, names)])
