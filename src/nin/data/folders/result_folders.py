"""Folders that hold results: a training inside the folder of pictures leaves some there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

IsPicture = Callable[[os.DirEntry[str]], bool]

#: Files that a training, an evaluation and a comparison leave, and a field that each has.
_RESULTS = {"run.json": "recipe", "evaluation.json": "confusion", "compare.json": "rows"}
#: Folders in that of a comparison.
_OF_COMPARISON = {"trainings", "measured"}


def holds_results(path: str, is_picture: IsPicture) -> bool:
    """Whether a local folder holds what `nin` wrote, or is ``runs`` with nothing else in it.

    Args:
        path: the folder.
        is_picture: tells whether an entry of a folder is a picture.
    """
    folder = Path(path)
    try:
        if _is_of_results(folder, is_picture):
            return True
        if folder.name != "runs":
            return False
        folders, pictures = _inside(folder, is_picture)
        return not pictures and all(_is_begun(each, is_picture) for each in folders)
    except OSError:  # It is reported where its pictures are listed.
        return False


def _is_of_results(folder: Path, is_picture: IsPicture) -> bool:
    """Whether it is a run directory, an evaluation, or the folder of a comparison."""
    found = {name for name, field in _RESULTS.items() if _has_field(folder / name, field)}
    if "run.json" in found:
        return True
    trainings = folder / "trainings"
    if not (found or trainings.is_dir()):
        return False
    folders, pictures = _inside(folder, is_picture)
    if not {each.name for each in folders} <= _OF_COMPARISON:
        return False
    if found or pictures:
        return bool(found)
    names = [each.name for each in trainings.iterdir() if not each.name.startswith(".")]
    return all(name.endswith(".json") for name in names)


def _has_field(file: Path, field: str) -> bool:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and field in content


def _is_begun(folder: Path, is_picture: IsPicture) -> bool:
    """Whether a folder in ``runs`` holds results, or nothing yet."""
    return _is_of_results(folder, is_picture) or _inside(folder, is_picture) == ([], [])


def _inside(folder: Path, is_picture: IsPicture) -> tuple[list[Path], list[str]]:
    """The folders in a folder, and the names of its pictures, without hidden ones."""
    folders, pictures = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                folders.append(Path(entry.path))
            elif is_picture(entry):
                pictures.append(entry.name)
    return folders, pictures
