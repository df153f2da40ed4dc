"""A folder of pictures: its classes, its files and the part of each; no picture is decoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data.folders.class_folders import ByClass, read_classes, read_part_classes
from nin.data.folders.inventory import FolderInventory
from nin.data.folders.label_table import find_tables, is_table
from nin.data.folders.labelled_files import read_labelled
from nin.data.folders.part_folders import part_folders
from nin.data.folders.picture_files import LeftOut, folders_in, showing_progress
from nin.data.image_statistics import images_per_class
from nin.data.split import Part
from nin.errors import DataError
from nin.names import listed


class Files(NamedTuple):
    """Pictures of one part: their paths, and their labels (n,) int32.

    Paths are strings: a million take 120 MB; as `pathlib.Path` they would take 430.
    """

    paths: list[str]
    labels: NDArray[np.int32]

    def take(self, chosen: NDArray[np.intp]) -> Files:
        """Return the files at some positions."""
        return Files([self.paths[i] for i in chosen.tolist()], self.labels[chosen])


@dataclass(frozen=True)
class Listing:
    """What a folder holds.

    Attributes:
        root: the folder.
        classes: names of the classes, sorted.
        parts: the files of each part; all under ``"train"`` if the folder is not `split`.
        split: whether the folder is divided into train/ and other parts.
        inventory: the same in numbers, with what was left out.
    """

    root: Path
    classes: tuple[str, ...]
    parts: dict[Part, Files]
    split: bool
    inventory: FolderInventory

    def labelled(self) -> dict[str, str]:
        """Picture → class, for all parts."""
        return {
            path: self.classes[label]
            for files in self.parts.values()
            for path, label in zip(files.paths, files.labels.tolist(), strict=True)
        }


def list_folder(path: Path) -> Listing:
    """List a directory with one directory per class, optionally inside train/, val/ and test/.

    Also a table of labels, or a directory that holds one; see `nin.data.folders.labelled_files`.

    `nin.data.folders.part_folders` decides which folders are parts, and
    `nin.data.folders.picture_files` which files are pictures. A validation or test part may lack
    classes; one without class folders has no labels and is left out. Class names are in Unicode's
    NFC.

    Raises:
        DataError: the folder is missing, or has another layout.
    """
    try:
        with showing_progress():
            return _listed(path)
    except RecursionError as error:
        raise DataError(f"{path}: holds folders hundreds of levels deep: remove them") from error
    except OSError as error:
        where = error.filename or path
        raise DataError(f"{where}: cannot be listed: {error.strerror or error}") from error


def _listed(path: Path) -> Listing:
    if is_table(path):
        return _by_tables(path.parent, [path])
    if not path.is_dir():
        what = "not a folder or a table of labels" if path.exists() else "no such folder"
        raise DataError(f"{path}: {what}")
    tables = find_tables(path)
    return _by_folders_or_tables(path, tables) if tables else _by_folders(path)


def _by_folders_or_tables(path: Path, tables: Sequence[Path]) -> Listing:
    """List by folders or by tables, whichever fits; tables that repeat the folders are ignored."""
    try:
        by_folders = _by_folders(path)
    except DataError:
        return _by_tables(path, tables)
    try:
        by_tables = _by_tables(path, tables)
    except DataError:
        left_out = {**by_folders.inventory.left_out, f"{tables[0].name}, which is not used": 1}
        return replace(by_folders, inventory=replace(by_folders.inventory, left_out=left_out))
    if _agree(by_tables.labelled(), by_folders.labelled()):
        _check_same_parts(path, tables[0], by_tables, by_folders)
        return by_tables if by_tables.split and not by_folders.split else by_folders
    raise DataError(
        f"{path}: are the classes its folders ({listed(by_folders.classes, 3)}), or those in"
        f" {tables[0].name} ({listed(by_tables.classes, 3)})? Move the table away, or name it:"
        f" {tables[0]}"
    )


def _check_same_parts(path: Path, table: Path, by_tables: Listing, by_folders: Listing) -> None:
    if not (by_tables.split and by_folders.split):
        return
    there = _part_of_each(by_folders)
    for picture, part in _part_of_each(by_tables).items():
        if there[picture] != part:
            raise DataError(
                f"{path}: {picture} is in {part} by {table.name}, and in {there[picture]} by its"
                f" folder: move the table away, or name it: {table}"
            )


def _part_of_each(listing: Listing) -> dict[str, Part]:
    return {path: part for part, files in listing.parts.items() for path in files.paths}


def _agree(some: Mapping[str, str], others: Mapping[str, str]) -> bool:
    """Whether two labellings group all pictures of the first in the same way.

    The names of the classes may differ: 0 and 1 for cat and dog.
    """
    pairs = {(label, others.get(path)) for path, label in some.items()}
    firsts, seconds = {first for first, _ in pairs}, {second for _, second in pairs}
    return None not in seconds and len(pairs) == len(firsts) == len(seconds)


def _by_tables(root: Path, tables: Sequence[Path]) -> Listing:
    found, part_names, left_out = read_labelled(root, tables)
    for table in tables:
        left_out[f"{table.suffix.lower()} files"] -= 1
    names = " and ".join(table.relative_to(root).as_posix() for table in tables)
    return _listing(root, found, part_names, left_out, labels=names)


def _by_folders(path: Path) -> Listing:
    left_out: LeftOut = Counter()
    folders, _ = folders_in(path, Counter())
    parts = part_folders(path, folders, left_out)
    if not parts:
        return _listing(path, {"train": read_classes(path, left_out)}, {}, left_out)
    left_out["pictures beside the parts"] += len(folders_in(path, left_out)[1])
    found: dict[Part, ByClass] = {"train": read_classes(parts["train"], left_out)}
    for part, folder in parts.items():
        if part != "train":
            found[part] = read_part_classes(folder, found["train"], left_out)
    names = {part: parts[part].relative_to(path).as_posix() for part in parts if found[part]}
    return _listing(path, found, names, left_out)


def _listing(
    path: Path,
    found: dict[Part, ByClass],
    part_names: dict[Part, str],
    left_out: LeftOut,
    labels: str | None = None,
) -> Listing:
    classes = tuple(found["train"])
    parts = {part: _files(by_class, classes) for part, by_class in found.items() if by_class}
    per_class = {part: images_per_class(files.labels, classes) for part, files in parts.items()}
    counted = {why: count for why, count in left_out.items() if count > 0}
    inventory = FolderInventory(str(path), per_class, part_names, counted, labels)
    return Listing(path, classes, parts, split=bool(part_names), inventory=inventory)


def _files(by_class: ByClass, classes: tuple[str, ...]) -> Files:
    counts = [len(by_class.get(name, ())) for name in classes]
    labels = np.repeat(np.arange(len(classes), dtype=np.int32), counts)
    return Files([path for name in classes for path in by_class.get(name, ())], labels)
