"""The classes of a folder, and the pictures of each: one directory per class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from nin.data.folders.label_table import is_table
from nin.data.folders.picture_files import LeftOut, folders_in, pictures_below
from nin.errors import DataError
from nin.names import listed, normalized

#: Class → its pictures.
ByClass = dict[str, list[str]]


def read_classes(path: Path, left_out: LeftOut) -> ByClass:
    """The classes to train on: the name of each folder → the pictures in it.

    Args:
        path: the folder that holds one folder per class.
        left_out: counts of skipped files by reason; updated here.

    Raises:
        DataError: there are fewer than two classes, one is empty, or two have the same name.
    """
    folders, loose = folders_in(path, left_out)
    if not folders and loose:
        raise DataError(f"{path}: holds pictures but no folders: put each class in one of its own")
    if len(folders) < 2:
        raise DataError(
            f"{path}: {len(folders)} class folder(s): two or more are needed"
            + (_deeper(folders) or _table(path))
        )
    if loose:
        left_out["pictures beside the class folders"] += len(loose)
    by_class = _by_class(path, folders, left_out)
    for folder in folders:
        if not by_class[normalized(folder.name)]:
            raise DataError(f"{folder}: no pictures: add some, or remove the folder")
    return by_class


def read_part_classes(path: Path, classes: Collection[str], left_out: LeftOut) -> ByClass:
    """The pictures of a validation or test part, by class; empty if it has no labels.

    Args:
        path: the part's folder.
        classes: the classes of the training part; this part need not have all of them.
        left_out: counts of skipped files by reason; updated here.

    Raises:
        DataError: a class is not among `classes`, or two folders have the same name.
    """
    folders, loose = folders_in(path, left_out)
    inside: LeftOut = Counter()
    found = {name: files for name, files in _by_class(path, folders, inside).items() if files}
    unknown = [name for name in found if name not in classes]
    if len(found) == len(unknown) < 2:
        unlabelled = len(loose) + sum(map(len, found.values()))
        left_out[f"pictures in {path.name}, which has no class folders"] += unlabelled
        left_out["empty folders"] += not unlabelled
        return {}
    if unknown:
        raise DataError(f"{path}: {_unknown(unknown, classes)}")
    if loose:
        left_out["pictures beside the class folders"] += len(loose)
    left_out["empty folders"] += len(folders) - len(found)
    left_out.update(inside)
    return found


def _by_class(path: Path, folders: Collection[Path], left_out: LeftOut) -> ByClass:
    found: ByClass = {}
    for folder in sorted(folders, key=lambda each: normalized(each.name)):
        name = normalized(folder.name)
        if name in found:
            raise DataError(
                f"{path}: two folders are called {name}, their accents written in two ways: put"
                " the pictures into one of them"
            )
        found[name] = pictures_below(str(folder), left_out)
    return found


def _deeper(folders: Collection[Path]) -> str:
    """A hint if the only folder holds several folders."""
    for folder in folders:
        inside = folders_in(folder, Counter())[0]
        if len(inside) > 1:
            return f": {folder} holds {len(inside)} folders: did you mean that one?"
    return ""


def _table(path: Path) -> str:
    """A hint if the labels may be in a table whose name is not recognised."""
    tables = [each.name for each in sorted(path.iterdir()) if is_table(each)]
    return (
        f": if its labels are in {tables[0]}, give that instead: {path / tables[0]}"
        if tables
        else ""
    )


def _unknown(unknown: Collection[str], classes: Collection[str]) -> str:
    spelled = {name.casefold(): name for name in classes}
    for name in unknown:
        if meant := spelled.get(name.casefold()):
            return f"{name} is called {meant} in the training part: give both the same name"
    named = listed([*unknown])
    return f"no training pictures of {named}: add some to the training part, or remove the folder"
