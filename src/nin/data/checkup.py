"""`check_folder`: what a user should know about a folder of pictures before training on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.header import Header, read_header
from nin.data.duplicate_detection.duplicate_report import (
    conflict_line,
    leak_lines,
    pair_line,
    relative,
    report,
    sheet_rows,
    within_line,
)
from nin.data.duplicate_detection.duplicates import Duplicates, find_duplicates
from nin.data.duplicate_detection.picture_sheet import save_picture_sheet
from nin.data.folders.inventory import FolderInventory
from nin.data.pictures import WORKERS
from nin.data.shards.shard_files import is_pattern
from nin.data.source_listing import is_source, list_source
from nin.data.storage.url_path import source_path
from nin.errors import DataError
from nin.files import did_you_mean
from nin.names import printable
from nin.progress import progress

#: How many unreadable pictures, and pictures in two parts, the text names at most.
_NAMED = 10

_MODES = {
    "RGB": "colour",
    "RGBA": "colour with transparency",
    "L": "grey",
    "LA": "grey with transparency",
    "1": "black and white",
    "P": "palette",
    "PA": "palette with transparency",
    "I;16": "grey with 16 bits",
    "I;16B": "grey with 16 bits",
}


@dataclass(frozen=True)
class FolderCheck:
    """What was found in a folder, and what is wrong with it.

    Attributes:
        root: the folder; file names are relative to it.
        inventory: its pictures by part and class, and what was left out.
        sizes: (n, 2), width and height of each picture whose header can be read.
        formats: format → number of pictures.
        modes: kind of pixels, by Pillow's name → number of pictures.
        image_size: side in pixels of the square that training resizes pictures to.
        duplicates: pictures that occur more than once, and those that cannot be read.
    """

    root: Path
    inventory: FolderInventory
    sizes: NDArray[np.intp]
    formats: Mapping[str, int]
    modes: Mapping[str, int]
    image_size: int
    duplicates: Duplicates

    @property
    def is_split(self) -> bool:
        """Whether the folder is divided into parts."""
        return bool(self.inventory.part_names)

    @property
    def is_wrong(self) -> bool:
        """Whether something should be fixed before training.

        Namely pictures that cannot be read, that are in two parts, or that are in two classes.
        """
        found = self.duplicates
        return bool(found.faults or found.leaks or found.conflicts)

    @property
    def small(self) -> int:
        """How many pictures have a side below `image_size`."""
        return int((self.sizes.min(axis=1, initial=self.image_size) < self.image_size).sum())

    def text(self) -> str:
        """Return everything as text that is safe to print."""
        first, *others = self.inventory.text().splitlines()
        lines = [first, *self._table()]
        lines += [line for line in others if not line.startswith("classes: ")]
        if len(self.sizes):
            lines += self._picture_lines()
        return "\n".join([*lines, *self._unreadable_lines(), *self._duplicate_lines()])

    def report(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "path": self.inventory.path,
            **self.inventory.record(),
            "formats": dict(self.formats),
            "modes": dict(self.modes),
            "sizes": dict(zip(("smallest", "median", "largest"), self._sizes(), strict=False)),
            "below_image_size": {"image_size": self.image_size, "pictures": self.small},
            "unreadable": sorted(self.duplicates.faults.values()),
            "duplicates": report(
                self.duplicates, self.inventory.classes, self.root, split=self.is_split
            ),
        }

    def save_sheet(self, path: Path) -> bool:
        """Draw the first groups of duplicates on a contact sheet; return whether there are any.

        If there are none, the sheet of an earlier check is removed.
        """
        rows = sheet_rows(self.duplicates, self.inventory.classes, split=self.is_split)
        if rows:
            save_picture_sheet(path, rows)
        else:
            path.unlink(missing_ok=True)
        return bool(rows)

    def _table(self) -> list[str]:
        parts = self.inventory.per_class
        heads = [*parts] if self.is_split else ["pictures"]
        names = [printable(name) for name in self.inventory.classes]
        wide = max(len("class"), *map(len, names))
        lines = [f"{'class':<{wide}}" + "".join(f"  {head:>8}" for head in heads)]
        for name, shown in zip(self.inventory.classes, names, strict=True):
            counts = "".join(f"  {part[name]:>8,}" for part in parts.values())
            lines.append(f"{shown:<{wide}}{counts}")
        return lines

    def _picture_lines(self) -> list[str]:
        smallest, median, largest = (f"{width}×{height}" for width, height in self._sizes())
        words: Counter[str] = Counter()
        for mode, count in self.modes.items():
            words[_MODES.get(mode, mode)] += count
        lines = [
            f"formats: {_counted(self.formats)}; pixels: {_counted(words)}",
            f"sizes: from {smallest} to {largest}, median {median} (width×height)",
        ]
        if self.small:
            which = "all" if self.small == len(self.sizes) else f"{self.small:,} of them"
            lines.append(
                f"{which} have a side below {self.image_size} pixels, the size at which nin train"
                " takes them, and are enlarged"
            )
        return lines

    def _unreadable_lines(self) -> list[str]:
        faults = [*self.duplicates.faults.values()]
        if not faults:
            return ["all can be read"]
        more = [f"  and {len(faults) - _NAMED:,} more"] * (len(faults) > _NAMED)
        named = [f"  {relative(fault, self.root)}" for fault in faults[:_NAMED]]
        return [f"{len(faults):,} cannot be read:", *named, *more]

    def _duplicate_lines(self) -> list[str]:
        found = self.duplicates
        if not found.groups:
            return ["no duplicate pictures"]
        lines = leak_lines(found, self.inventory.pictures)
        lines += [f"  {pair_line(twins, self.root)}" for twins in found.leaks[:_NAMED]]
        lines += [f"  and {len(found.leaks) - _NAMED:,} more"] * (len(found.leaks) > _NAMED)
        others = (conflict_line(found, self.inventory.classes, self.root), within_line(found))
        return [*lines, *filter(None, others)]

    def _sizes(self) -> list[tuple[int, int]]:
        """(width, height) of the smallest, the median and the largest picture."""
        if not len(self.sizes):
            return []
        areas = self.sizes.prod(axis=1)
        median = np.median(self.sizes, axis=0)
        shown = (self.sizes[areas.argmin()], median, self.sizes[areas.argmax()])
        return [(int(width), int(height)) for width, height in shown]


def check_folder(path: str | Path, image_size: int) -> FolderCheck:
    """Look at every picture of a folder: size, kind, whether it can be read, and duplicates.

    Args:
        path: a directory with one directory per class, optionally inside train/, val/ and test/; or
            a table of labels; or shards.
        image_size: side in pixels of the square that training resizes pictures to.

    Raises:
        DataError: the folder is missing or has another layout.
    """
    folder = source_path(path)
    if not (is_source(folder) or is_pattern(folder)):
        raise DataError(f"{path}: no such folder{did_you_mean(folder)}")
    listing = list_source(folder)
    paths = [each for files in listing.parts.values() for each in files.paths]
    headers = _headers(paths)
    return FolderCheck(
        listing.root,
        listing.inventory,
        np.array([each[2:] for each in headers], np.intp).reshape(-1, 2),
        Counter(each.format for each in headers),
        Counter(each.mode for each in headers),
        image_size,
        find_duplicates(listing.parts),
    )


def _headers(paths: Sequence[str]) -> list[Header]:
    """The headers that can be read."""

    def read(path: str) -> Header | None:
        try:
            return read_header(path)
        except DataError:
            return None

    found = []
    with ThreadPoolExecutor(WORKERS) as pool, progress("reading headers", len(paths)) as advance:
        for header in pool.map(read, paths):
            advance(1)
            if header is not None:
                found.append(header)
    return found


def _counted(counts: Mapping[str, int]) -> str:
    """``JPEG 3,770, PNG 11``: the most frequent first."""
    ordered = sorted(counts.items(), key=lambda each: -each[1])
    return ", ".join(f"{name} {count:,}" for name, count in ordered)
