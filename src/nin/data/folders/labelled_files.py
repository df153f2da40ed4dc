"""Pictures whose labels are in a table beside them, by part and class."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from nin.data.folders.class_folders import ByClass
from nin.data.folders.label_table import LabelRow, NoLabelsError, part_of, read_table
from nin.data.folders.part_names import read_part
from nin.data.folders.picture_files import LeftOut, pictures_below
from nin.data.split import PARTS, Part
from nin.data.storage.picture_store import is_stored
from nin.data.storage.remote_access import scheme_of
from nin.data.storage.remote_files import can_be_listed
from nin.errors import DataError
from nin.names import normalized
from nin.urls import is_url, share_signature

#: If there are no more pictures than this, each may have a class of its own.
_FEW = 10


class Labelled(NamedTuple):
    """The pictures that tables of labels name.

    Attributes:
        found: part → class → pictures; all under ``"train"`` if no part is named.
        part_names: part → its name in the table; empty if no part is named.
        left_out: counts of what was skipped, by reason.
    """

    found: dict[Part, ByClass]
    part_names: dict[Part, str]
    left_out: LeftOut


def read_labelled(root: Path, tables: Sequence[Path]) -> Labelled:
    """Find the pictures that tables name: relative to the table, or by name anywhere in a folder.

    A table may leave out the suffix of files. Missing files are kept, so that reading them fails,
    unless all of a table's files are missing, which is an error.

    Args:
        root: the folder.
        tables: tables in it. Several are those of its parts, which they or their folders name.

    Raises:
        DataError: a table cannot be read, names a picture twice with different labels, or has fewer
            than two classes to train on.
    """
    left_out = LeftOut()
    pictures = _Pictures(root, left_out)
    seen: dict[str, tuple[Path, LabelRow, Part | None]] = {}
    names: dict[Part, str] = {}
    for table in tables:
        pictures.missing.clear()  # They are counted per table.
        own = _own_part(root, table, several=len(tables) > 1)
        try:
            rows = read_table(table, partial(pictures.has, table))
        except NoLabelsError:
            if table is tables[0]:
                raise
            left_out[f"{table.name}, which has no labels"] += 1  # As tests of competitions.
            continue
        for row in rows:
            if not row.label:
                left_out["rows without a label"] += 1
                continue
            part = part_of(row, table) or own
            path = pictures.find(table, row, part)
            before = seen.setdefault(path, (table, row, part))
            if before[1] is not row:
                _check_repeated(table, row, part, before)
                left_out["repeated rows"] += 1
            elif part is not None:
                names.setdefault(part, row.part or table.name)
        share_signature(str(table), seen)
        _check_there(table, rows, pictures)
    if not names and not _part_in(tables[0].stem):
        parts = pictures.parts_of_folders(seen)
        seen = {path: (by, row, parts.get(path)) for path, (by, row, _) in seen.items()}
        names = {part: part for part in parts.values()}
    found = _by_part(tables[0], seen)
    left_out["pictures without a label"] += pictures.without(seen)
    return Labelled(found, {part: names[part] for part in PARTS if part in names}, left_out)


class _Pictures:
    """The pictures below a folder, found by the names in tables."""

    def __init__(self, root: Path, left_out: LeftOut) -> None:
        self.root = root
        every = pictures_below(str(root), left_out) if can_be_listed(root) else []
        self.every = [path.removeprefix(f".{os.sep}") for path in every]
        self._above = f"{normalized(Path(os.path.abspath(root)).as_posix())}/"  # noqa: PTH100
        self.missing: set[str] = set()
        some = {os.path.dirname(path): path for path in self.every}  # noqa: PTH120
        self._parts = {part for path in some.values() for part in self._parts_above(path)}
        self._by_name: defaultdict[str, list[str]] = defaultdict(list)
        for path in self.every:
            whole = normalized(Path(path).relative_to(root).as_posix())
            name = whole.rpartition("/")[2]
            for key in {whole, name, _without_ending(whole), _without_ending(name)}:
                self._by_name[key].append(path)

    def has(self, table: Path, file: str) -> bool:
        """Whether there is a picture that a table could mean by `file`."""
        there = table.parent / file
        return bool(self._candidates(table, file)) or (bool(file) and is_stored(there))

    def find(self, table: Path, row: LabelRow, part: Part | None) -> str:
        """The path of a row's picture; if it is missing, where it would be."""
        if not row.file:
            raise DataError(f"{table}: line {row.line} names no file")
        if not _can_be_a_name(row.file):
            raise DataError(f"{table}: line {row.line}: no file can be called {row.file!r}")
        exact = str(table.parent / _as_in_url(row.file, table))
        wanted = part or _part_in(table.stem)
        possible = self._candidates(table, row.file)
        # If each part numbers its own pictures, the same name in another part is another picture.
        if row.part is None and part is not None:
            possible = [
                path for path in possible if path == exact or not self._is_elsewhere(path, part)
            ]
        if len(possible) > 1:
            within = [path for path in possible if wanted and self._is_in(path, wanted)]
            possible = [exact] if exact in possible else within or possible
        if len(possible) > 1:
            raise DataError(
                f"{table}: line {row.line}: {row.file} could be any of {len(possible)} pictures:"
                " give its folder, too"
            )
        path = possible[0] if possible else exact
        if not possible and "\\" in row.file and not is_stored(exact):
            path = str(table.parent / _as_in_url(row.file.replace("\\", "/"), table))
        if not possible and can_be_listed(self.root) and not is_stored(path):
            self.missing.add(path)
        return path

    def parts_of_folders(self, paths: Collection[str]) -> dict[str, Part]:
        """The part that the folder of each picture is for; none unless all are for a part.

        Nor if they are for one part alone, or none is for training.
        """
        above = {path: self._parts_above(path) for path in paths}
        found = {path: next(iter(parts)) for path, parts in above.items() if len(parts) == 1}
        divided = {"train"} < {*found.values()} and len(found) == len(paths)
        return found if divided else {}

    def without(self, labelled: Iterable[str]) -> int:
        """How many of the pictures are not among `labelled`."""
        return len(set(self.every) - set(labelled))

    def _candidates(self, table: Path, file: str) -> list[str]:
        name = normalized(file.replace("\\", "/")).removeprefix("./").removeprefix(self._above)
        below = normalized((table.parent.relative_to(self.root) / name).as_posix())
        return self._by_name.get(below) or self._by_name.get(name, [])

    def _is_in(self, path: str, part: Part) -> bool:
        return part in self._parts_above(path)

    def _is_elsewhere(self, path: str, part: Part) -> bool:
        """Whether it is in a folder of another part, although `part` has a folder of its own."""
        above = self._parts_above(path)
        return part in self._parts and bool(above) and part not in above

    def _parts_above(self, path: str) -> set[Part]:
        file = Path(path)
        if not file.is_relative_to(self.root):  # A table names a picture that lies elsewhere.
            return set()
        folders = map(_part_in, file.relative_to(self.root).parts[:-1])
        return {part for part in folders if part is not None}


def _as_in_url(file: str, table: Path) -> str:
    """A name as it stands in a URL beside a table on a web server; elsewhere the name itself."""
    if not is_url(table) or scheme_of(str(table)) not in ("http", "https"):
        return file
    return file.replace("#", "%23").replace("?", "%3F")


def _can_be_a_name(file: str) -> bool:
    try:
        return b"\0" not in os.fsencode(file)
    except UnicodeEncodeError:
        return False


def _part_in(name: str) -> Part | None:
    found = read_part(name)
    return found.part if found else None


def _own_part(root: Path, table: Path, several: bool) -> Part | None:
    """The part that a table is for, by the name of its folder or by its own."""
    if table.parent != root:
        return _part_in(table.parent.name)
    return _part_in(table.stem) if several else None


def _check_repeated(
    table: Path, row: LabelRow, part: Part | None, before: tuple[Path, LabelRow, Part | None]
) -> None:
    other_table, other, other_part = before
    where = f"{table}: line {row.line}: {row.file}"
    there = f"line {other.line}" if table == other_table else f"{other_table.name}"
    if row.label != other.label:
        raise DataError(
            f"{where} is {row.label} here and {other.label} in {there}: a picture has one label"
        )
    if part != other_part:
        raise DataError(f"{where} is in {part} here and in {other_part} in {there}: keep one")


def _check_there(table: Path, rows: Sequence[LabelRow], pictures: _Pictures) -> None:
    wanted = list(dict.fromkeys(row.file for row in rows if row.label))
    if pictures.missing and len(pictures.missing) >= len(wanted):
        raise DataError(
            f"{table}: none of its {len(wanted):,} files is there, such as {wanted[0]}: put it"
            " beside the pictures"
        )


def _by_part(
    table: Path, seen: dict[str, tuple[Path, LabelRow, Part | None]]
) -> dict[Part, ByClass]:
    parts: dict[Part, dict[str, list[str]]] = {part: defaultdict(list) for part in PARTS}
    for path in sorted(seen, key=normalized):
        _, row, part = seen[path]
        parts[part or "train"][row.label].append(path)
    classes = sorted(parts["train"])
    if len(classes) < 2:
        raise DataError(f"{table}: {len(classes)} class(es) to train on: two or more are needed")
    if len(seen) > _FEW and len(classes) > 0.9 * len(seen):
        raise DataError(
            f"{table}: nearly every picture has a label of its own: is that column the class? Call"
            " the right one label"
        )
    for part, by_class in parts.items():
        if unknown := sorted(set(by_class) - set(classes)):
            raise DataError(
                f"{table}: no training pictures of {', '.join(unknown[:10])}, which {part} has: add"
                " some, or remove those rows"
            )
    return {
        part: {name: by_class[name] for name in classes if name in by_class}
        for part, by_class in parts.items()
        if by_class
    }


def _without_ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return stem if dot and stem and "/" not in ending else name
