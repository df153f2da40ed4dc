"""Which folders are parts of a data set, and which are classes that have the name of a part."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

from nin.data.folders.part_names import PartName, read_part
from nin.data.folders.picture_files import LeftOut, folders_in, pictures_below
from nin.data.split import PARTS, Part
from nin.errors import DataError
from nin.names import listed, normalized


def part_folders(path: Path, folders: Collection[Path], left_out: LeftOut) -> dict[Part, Path]:
    """The folders that are parts, by their names and what is in them.

    A folder with the name of a part is one, unless similar folders are beside it whose names are
    not those of parts. If it holds nothing but a folder of the same name (``train/train``), the
    inner one is used.

    Args:
        path: where the folders are.
        folders: all folders there.
        left_out: counts of skipped files by reason; pictures beside the parts are added here.

    Returns:
        Part → its folder, in order; empty if all folders are classes.

    Raises:
        DataError: two folders stand for one part, there is none for ``train``, or it is not clear
            whether a folder is a part or a class.
    """
    named = {folder: name for folder in folders if (name := read_part(folder.name))}
    sure = _sure(named, len(folders))
    found = _one_per_part(path, sure)
    others = [folder for folder in folders if folder not in sure]
    if not found:
        _refuse_parts_of_other_names(path, named)
        return {}
    if len(found) == 1 and others:
        [folder] = found.values()
        if _is_class(path, folder, others):
            return {}
    if "train" not in found:
        raise DataError(
            f"{path}: has {_names(found.values())} but no train: put each class into train/"
        )
    opened = {part: _opened(found[part]) for part in PARTS if part in found}
    for other in others:
        _leave_out(path, opened["train"], other, left_out)
    return opened


def _sure(named: Mapping[Path, PartName], count: int) -> dict[Path, PartName]:
    """Names without other words, or with the same ones for several parts; or the only folder."""
    parts = defaultdict(set)
    for name in named.values():
        parts[name.affix].add(name.part)
    return {
        folder: name
        for folder, name in named.items()
        if not name.affix or len(parts[name.affix]) > 1 or count == 1
    }


def _one_per_part(path: Path, sure: Mapping[Path, PartName]) -> dict[Part, Path]:
    found: dict[Part, Path] = {}
    for folder, name in sure.items():
        if name.part in found:
            both = f"both {found[name.part].name} and {folder.name}"
            raise DataError(
                f"{path}: {both}: keep one folder for {name.part}, with a folder per class in it"
            )
        found[name.part] = folder
    return found


def _refuse_parts_of_other_names(path: Path, named: Mapping[Path, PartName]) -> None:
    """Refuse folders such as ``images_train`` and ``holdout_test`` with the same folders inside."""
    seen: dict[Path, set[str]] = {folder: _inside(folder) for folder in named}
    for one, name in named.items():
        for other, other_name in named.items():
            if name.part != other_name.part and seen[one] & seen[other]:
                raise DataError(
                    f"{path}: {one.name} and {other.name} look like parts of the data: call them"
                    f" {name.part} and {other_name.part}"
                )


def _is_class(path: Path, folder: Path, others: Collection[Path]) -> bool:
    """Whether the only folder with the name of a part is a class, as `others` are.

    Raises:
        DataError: it is not clear.
    """
    inside = _inside(folder)
    others = [other for other in others if pictures_below(str(other), Counter())]
    if not inside and len(others) > 1 and _is_hardly_a_class(folder):
        raise DataError(
            f"{path}: is {folder.name} a part without labels, or a class beside {_names(others)}?"
            " For a part, move it away; for a class, rename it"
        )
    if not inside or not others:
        return not inside
    if inside & {normalized(other.name) for other in others}:
        raise DataError(
            f"{path}: {folder.name} holds folders that are called like those beside it: put"
            f" {_names(others)} into train/"
        )
    if len(others) > 1 and all(map(_inside, others)):
        return True
    is_shared = any(inside & _inside(other) for other in others)
    way = f"call {_names(others)} validation or test" if is_shared else "move the others away"
    raise DataError(
        f"{path}: is {folder.name} a part of the data, or a class beside {_names(others)}? For a"
        f" part, {way}; for a class, put its pictures directly into {folder.name}"
    )


def _is_hardly_a_class(folder: Path) -> bool:
    """Whether its name can only be a part's: a class may well be called train or valid."""
    name = read_part(folder.name)
    return name is not None and name.part != "train" and normalized(folder.name).lower() != "valid"


def _leave_out(path: Path, train: Path, other: Path, left_out: LeftOut) -> None:
    found = len(pictures_below(str(other), Counter()))
    if found and _inside(other) & _inside(train):
        raise DataError(
            f"{path}: {other.name} holds classes of {train.name} but its name is not that"
            " of a part: call it validation or test, or move it away"
        )
    if found:
        left_out[f"pictures in {other.name}"] += found


def _opened(folder: Path) -> Path:
    """The folder; or the only one inside it, if that has the same name or is the same part."""
    inside, pictures = folders_in(folder, Counter())
    if pictures or len(inside) != 1:
        return folder
    outer, inner = read_part(folder.name), read_part(inside[0].name)
    alike = folder.name.casefold() == inside[0].name.casefold()
    same = alike or (outer and inner and outer.part == inner.part)
    return _opened(inside[0]) if same else folder


def _inside(folder: Path) -> set[str]:
    """The names of the folders in a part or a class."""
    return {normalized(each.name) for each in folders_in(_opened(folder), Counter())[0]}


def _names(folders: Collection[Path]) -> str:
    return listed([folder.name for folder in folders], 3)
