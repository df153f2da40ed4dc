"""The names and labels of the pictures in shards, and the classes that the labels mean."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

from nin.data.folders.picture_files import LeftOut
from nin.errors import DataError, RefusedError
from nin.names import normalized

#: A number, or the name of a class; None if there is no label.
Label = int | str | None

#: Files beside shards with the names of the classes: one per line, or as JSON.
CLASS_FILES = ("classes.txt", "classes.json")


class ShardSamples(NamedTuple):
    """The pictures of a shard, in its order.

    Attributes:
        names: names of the pictures, each beginning with the shard's path.
        labels: the label of each.
        keys: the key of each, by which a copy in another shard is recognised; empty where pictures
            are named by their position.
        left_out: counts of what was skipped, by reason.
        classes: names of the classes by number, if the shard itself states them.
    """

    names: list[str]
    labels: list[Label]
    keys: list[str]
    left_out: LeftOut
    classes: tuple[str, ...] | None = None

    @classmethod
    def from_lists(cls, lists: Sequence[Any]) -> Self:
        """The samples whose fields were saved as plain lists."""
        names, labels, keys, left_out, classes = lists
        return cls(names, labels, keys, LeftOut(left_out), classes and tuple(classes))


class ClassNames(NamedTuple):
    """The names of the classes by number, and the file that states them."""

    names: tuple[str, ...]
    source: str


def find_class_names(folders: Iterable[Path]) -> ClassNames | None:
    """The names of the classes from the first of `CLASS_FILES` that is found; None without one.

    Args:
        folders: where to look, in this order.

    Raises:
        DataError: the file cannot be read, or names fewer than two classes, or one of them twice.
    """
    for path in (folder / name for folder in folders for name in CLASS_FILES):
        if _is_there(path):
            return ClassNames(_checked(_class_names(path), path), str(path))
    return None


def class_of(label: int | str, known: ClassNames | None, shard: str) -> str:
    """The name of the class that a label means.

    Args:
        label: the label in the shard.
        known: the names of all classes. None: names and numbers stand for themselves.
        shard: the shard that the label is from, for messages.

    Raises:
        DataError: the label is not one of the known classes.
    """
    if known is None:
        return str(label)
    if isinstance(label, str):
        if label in known.names:
            return label
        raise DataError(f"{shard}: label {label!r} is not named in {known.source}: add it")
    if 0 <= label < len(known.names):
        return known.names[label]
    raise DataError(
        f"{shard}: label {label}, and {known.source} names {len(known.names)} classes, from 0 on:"
        " add the others"
    )


def in_order(
    found: Iterable[str], labels: Iterable[int | str], known: ClassNames | None
) -> tuple[str, ...]:
    """The classes that have pictures, in the order of their numbers, or else sorted by name.

    Args:
        found: names of the classes that have pictures.
        labels: all labels that are used.
        known: the names of all classes, if they are known.
    """
    there = set(found)
    if known is not None:
        return tuple(name for name in known.names if name in there)
    if all(isinstance(label, int) for label in labels):
        return tuple(sorted(there, key=int))
    return tuple(sorted(there))


def _is_there(path: Path) -> bool:
    """Whether there is such a file; a bucket that may not be listed refuses a missing one."""
    try:
        return path.is_file()
    except RefusedError:
        return False


def _class_names(path: Path) -> Sequence[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".txt":
            return [line.strip() for line in text.splitlines() if line.strip()]
        found = json.loads(text)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if isinstance(found, dict):  # Name → number.
        if sorted(map(str, found.values())) != sorted(map(str, range(len(found)))):
            raise DataError(f"{path}: its numbers must run from 0 to {len(found) - 1}")
        return sorted(found, key=lambda name: int(found[name]))
    if isinstance(found, list) and all(isinstance(name, str) for name in found):
        return found
    raise DataError(f'{path}: must be a list of names, or {{"name": number}}')


def _checked(names: Sequence[str], path: Path) -> tuple[str, ...]:
    found = tuple(map(normalized, names))
    if len(found) < 2:
        raise DataError(f"{path}: names {len(found)} class(es): two or more are needed")
    if twice := [name for name in found if found.count(name) > 1][:1]:
        raise DataError(f"{path}: names {twice[0]} twice: keep one")
    return found
