"""A folder of pictures: its classes, its files and the part of each; no picture is decoded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data.split import Part
from nin.errors import DataError

#: Taken for pictures by name. Those that cannot be read are then reported, never passed over.
EXTENSIONS = frozenset(
    """
    .jpg .jpeg .jpe .jfif .png .webp .bmp .dib .tif .tiff .gif .heic .heif .avif .jp2 .jxl
    """.split()  # noqa: SIM905
)

_SPLITS: dict[str, Part] = {
    "train": "train",
    "val": "validation",
    "validation": "validation",
    "valid": "validation",
    "test": "test",
}
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*")


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
    """

    classes: tuple[str, ...]
    parts: dict[Part, Files]
    split: bool


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


def _listed(path: Path) -> Listing:
    if not path.is_dir():
        raise DataError(f"{path}: {'not a folder' if path.exists() else 'no such folder'}")
    splits = _split_folders(path)
    if not splits:
        classes, files = _read_classes(path)
        return Listing(classes, {"train": files}, split=False)
    if "train" not in splits:
        raise DataError(f"{path}: has {', '.join(p.name for p in splits.values())} but no train")
    listed = {part: _read_classes(folder) for part, folder in splits.items()}
    classes = listed["train"][0]
    for part, (others, _) in listed.items():
        if odd := sorted(set(others) ^ set(classes)):
            raise DataError(
                f"{splits[part]}: its classes differ from those of {splits['train']}:"
                f" {', '.join(odd[:10])} in one of them only"
            )
    return Listing(classes, {part: files for part, (_, files) in listed.items()}, split=True)


def _split_folders(path: Path) -> dict[Part, Path]:
    folders = _folders(path)
    found: dict[Part, Path] = {}
    for folder in folders:
        part = _SPLITS.get(folder.name.lower())
        if part in found:
            raise DataError(f"{path}: both {found[part].name} and {folder.name}: keep one")
        if part:
            found[part] = folder
    if len(found) == len(folders):
        return found
    return found if "train" in found and _folders(found["train"]) else {}


def _read_classes(path: Path) -> tuple[tuple[str, ...], Files]:
    folders = _folders(path)
    if not folders and _pictures(str(path), frozenset()):
        raise DataError(f"{path}: holds pictures but no folders: put each class in one of its own")
    if len(folders) < 2:
        raise DataError(f"{path}: {len(folders)} class folder(s): two or more are needed")
    paths: list[str] = []
    counts: list[int] = []
    for folder in folders:
        inside = _pictures(str(folder), frozenset())
        if not inside:
            raise DataError(f"{folder}: no pictures: add some, or remove the folder")
        paths += inside
        counts.append(len(inside))
    labels = np.repeat(np.arange(len(folders), dtype=np.int32), counts)
    return tuple(folder.name for folder in folders), Files(paths, labels)


def _folders(path: Path) -> list[Path]:
    with os.scandir(path) as entries:
        names = [each.name for each in entries if each.name[0] != "." and each.is_dir()]
    return [path / name for name in sorted(names)]


def _pictures(folder: str, above: frozenset[tuple[int, int]]) -> list[str]:
    """List the pictures in a folder and those below it, following links, in a fixed order."""
    status = Path(folder).stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        raise DataError(f"{folder}: a link that leads back to a folder above it: remove it")
    found = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                found += _pictures(entry.path, above | {here})
            elif _is_picture(entry):
                found.append(entry.path)
    return found


def _is_picture(entry: os.DirEntry[str]) -> bool:
    _, dot, ending = entry.name.rpartition(".")
    if dot + ending.lower() in EXTENSIONS:
        return True
    if not entry.is_file():
        return False
    with Path(entry.path).open("rb") as file:
        start = file.read(12)
    return start.startswith(_SIGNATURES) or (start[:4] == b"RIFF" and start[8:] == b"WEBP")
