"""A folder of pictures: its classes, its files and the part of each; no picture is decoded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data.image_statistics import images_per_class
from nin.data.inventory import FolderInventory
from nin.data.picture_files import LeftOut, folders_in, pictures_below
from nin.data.split import PARTS, Part, hold_out, stratified
from nin.errors import DataError

_SPLITS: dict[str, Part] = {
    "train": "train",
    "val": "validation",
    "validation": "validation",
    "valid": "validation",
    "test": "test",
}


class Files(NamedTuple):
    """Pictures of one part: their paths, and their labels (n,) int32.

    Paths are text: a million take 120 MB, as `pathlib.Path` they would take 430.
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
        classes: names of the class folders, sorted.
        parts: the files of each part; all under ``"train"`` if the folder is not `split`.
        split: whether the folder is divided into train/ and others.
        inventory: the same in numbers, and what was left out.
    """

    classes: tuple[str, ...]
    parts: dict[Part, Files]
    split: bool
    inventory: FolderInventory


def list_folder(path: Path) -> Listing:
    """List a directory with one directory per class, perhaps inside train/, val/ and test/.

    Files beside the class folders, hidden files and files that are no pictures are left out.
    A folder named train is taken for a class if it holds pictures and stands among others.

    Raises:
        DataError: the folder is missing, or not arranged like that.
    """
    try:
        return _listed(path)
    except OSError as error:
        where = error.filename or path
        raise DataError(f"{where}: cannot be listed: {error.strerror or error}") from error


def divide(
    listing: Listing, validation: float, test: float, limit: int | None, seed: int
) -> dict[Part, Files]:
    """Give each picture its part; what the folder does not divide is divided by `seed`.

    Args:
        listing: what the folder holds.
        validation: share of all pictures held out for validation, unless there is a folder.
        test: share of all pictures held out for the test, unless there is a train/ folder.
        limit: keep at most this many training pictures, classes in proportion. None: all.
        seed: 0 or more.

    Raises:
        DataError: a part is left without any.
    """
    parts = dict(listing.parts)
    if "test" not in parts and "validation" in parts:
        parts["test"] = parts.pop("validation")
    total = len(parts["train"].paths)
    if not listing.split and test:
        _carve(parts, "test", test, seed)
    if "validation" not in parts and validation:
        share = validation * total / len(parts["train"].paths)
        _carve(parts, "validation", share, seed)
    train = parts["train"]
    if limit is not None and limit < len(train.paths):
        parts["train"] = train.take(stratified(train.labels, limit, seed))
    order: tuple[Part, ...] = ("train", "validation", "test")
    return {part: parts[part] for part in order if part in parts}


def _carve(parts: dict[Part, Files], part: Part, share: float, seed: int) -> None:
    train = parts["train"]
    kept, held = hold_out(train.labels, share, seed, part)
    parts["train"], parts[part] = train.take(kept), train.take(held)


def _listed(path: Path) -> Listing:
    if not path.is_dir():
        raise DataError(f"{path}: {'not a folder' if path.exists() else 'no such folder'}")
    left_out: LeftOut = Counter()
    folders, loose = folders_in(path, left_out)
    splits = _split_folders(path, folders)
    if not splits:
        classes, files = _read_classes(path, folders, loose, left_out)
        return _listing(path, classes, {"train": files}, {}, left_out)
    if "train" not in splits:
        raise DataError(f"{path}: has {', '.join(p.name for p in splits.values())} but no train")
    splits = {part: splits[part] for part in PARTS if part in splits}
    listed = {
        part: _read_classes(folder, *folders_in(folder, left_out), left_out)
        for part, folder in splits.items()
    }
    classes = listed["train"][0]
    for part, (others, _) in listed.items():
        if odd := sorted(set(others) ^ set(classes)):
            raise DataError(
                f"{splits[part]}: its classes differ from those of {splits['train']}:"
                f" {', '.join(odd[:10])} in one of them only"
            )
    parts = {part: files for part, (_, files) in listed.items()}
    return _listing(path, classes, parts, {p: f.name for p, f in splits.items()}, left_out)


def _listing(
    path: Path,
    classes: tuple[str, ...],
    parts: dict[Part, Files],
    part_names: dict[Part, str],
    left_out: LeftOut,
) -> Listing:
    per_class = {part: images_per_class(files.labels, classes) for part, files in parts.items()}
    inventory = FolderInventory(str(path), per_class, part_names, dict(left_out))
    return Listing(classes, parts, split=bool(part_names), inventory=inventory)


def _split_folders(path: Path, folders: list[Path]) -> dict[Part, Path]:
    found: dict[Part, Path] = {}
    for folder in folders:
        part = _SPLITS.get(folder.name.lower())
        if part in found:
            raise DataError(f"{path}: both {found[part].name} and {folder.name}: keep one")
        if part:
            found[part] = folder
    if len(found) == len(folders):
        return found
    return found if "train" in found and folders_in(found["train"], Counter())[0] else {}


def _read_classes(
    path: Path, folders: list[Path], loose: list[str], left_out: LeftOut
) -> tuple[tuple[str, ...], Files]:
    if not folders and loose:
        raise DataError(f"{path}: holds pictures but no folders: put each class in one of its own")
    if len(folders) < 2:
        raise DataError(f"{path}: {len(folders)} class folder(s): two or more are needed")
    if loose:
        left_out["pictures beside the class folders"] += len(loose)
    paths: list[str] = []
    counts: list[int] = []
    for folder in folders:
        inside = pictures_below(str(folder), left_out)
        if not inside:
            raise DataError(f"{folder}: no pictures: add some, or remove the folder")
        paths += inside
        counts.append(len(inside))
    labels = np.repeat(np.arange(len(folders), dtype=np.int32), counts)
    return tuple(folder.name for folder in folders), Files(paths, labels)
