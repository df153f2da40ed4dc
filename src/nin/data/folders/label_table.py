"""A table of labels beside pictures: CSV or JSON Lines, one row per picture."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from nin.data.folders.part_names import read_part
from nin.data.folders.picture_files import EXTENSIONS
from nin.data.split import Part
from nin.errors import DataError, first_line
from nin.names import listed, normalized

#: Suffixes of tables, and the names under which they are looked for in a folder.
ENDINGS = (".csv", ".tsv", ".jsonl")
_CALLED = ("labels", "label", "metadata", "annotations", "trainlabels", "labelstrain", "train")

_FILE = frozenset(
    """
    file filename filepath path image images imagefile imagename imagepath imageid img imgname
    imgpath imgid picture photo id idcode name
    """.split()  # noqa: SIM905
)
_LABEL = frozenset(
    "label labels class classname category categoryname target species breed".split()  # noqa: SIM905
)
_PART = frozenset("split part subset set partition usage".split())  # noqa: SIM905

#: A first line that states the column separator, for Excel.
_EXCEL = re.compile(r"sep=([,;\t|])\s*", re.IGNORECASE)

#: The most columns that a message names.
_NAMED = 8


class NoLabelsError(DataError):
    """A table without labels of pictures: it has no rows, or no column of files or of labels."""


class LabelRow(NamedTuple):
    """A picture's row in a table.

    Attributes:
        line: its line number.
        file: the file as written in the table.
        label: the class; empty if there is none.
        part: the part as written in the table. None: the table has no such column.
    """

    line: int
    file: str
    label: str
    part: str | None


def find_tables(folder: Path) -> list[Path]:
    """The tables of labels in a folder, recognised by name; the first has the training labels.

    One for all parts; or ``train.csv`` and those of other parts; or one in the folder of each part.
    """
    inside = sorted(folder.iterdir())
    tables = [path for path in inside if is_table(path)]
    if (table := _called_so(tables)) is not None:
        others = [path for path in tables if path != table and read_part(path.stem)]
        return [table, *(others if read_part(table.stem) else [])]
    parts = [path for path in inside if read_part(path.name) and path.is_dir()]
    within = [_called_so(filter(is_table, sorted(part.iterdir()))) for part in parts]
    found = [table for table in within if table is not None]
    return sorted(found, key=lambda table: (not _is_training(table), table))


def _called_so(tables: Iterable[Path]) -> Path | None:
    """The table with the first of the names in `_CALLED` that any has."""
    named = {_plain(table.stem): table for table in tables}
    return next((named[called] for called in _CALLED if called in named), None)


def _is_training(table: Path) -> bool:
    part = read_part(table.parent.name)
    return part is not None and part.part == "train"


def is_table(path: Path) -> bool:
    """Whether a path is a file with the suffix of a table."""
    return path.suffix.lower() in ENDINGS and path.is_file()


def part_of(row: LabelRow, table: Path) -> Part | None:
    """The part that a row belongs to; None if the table has no column for it.

    Raises:
        DataError: what the row names is not a part.
    """
    if row.part is None:
        return None
    if (name := read_part(row.part)) is None:
        raise DataError(
            f"{table}: line {row.line}: {row.part!r} is not a part: it must be train, validation or"
            " test"
        )
    return name.part


def read_table(path: Path, exists: Callable[[str], bool]) -> list[LabelRow]:
    """The rows of a table with a column of files, one of labels, and optionally one of parts.

    Args:
        path: a ``.csv``, separated by commas, semicolons, tabs or bars, a ``.tsv`` or a ``.jsonl``.
        exists: whether there is a picture of that name; asked if several columns could be files.

    Raises:
        DataError: it cannot be read, or it is not clear which column is which.
        NoLabelsError: it holds no labels of pictures.
    """
    text = _text(path)
    rows = list(_json_rows(path, text) if path.suffix.lower() == ".jsonl" else _rows(path, text))
    if not rows:
        raise NoLabelsError(
            f"{path}: holds no rows: give each picture one, after the line file,label"
        )
    columns = list(dict.fromkeys(name for _, row in rows for name in row))
    file = _file_column(path, columns, rows[0][1], exists)
    label = _label_column(path, [name for name in columns if name != file])
    others = [name for name in columns if name not in (file, label)]
    part = _part_column(path, others, [row for _, row in rows])
    return [
        LabelRow(
            line,
            _cell(path, line, row, file),
            normalized(_cell(path, line, row, label)),
            None if part is None else _cell(path, line, row, part),
        )
        for line, row in rows
    ]


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path}: line {line} is not UTF-8: save it as UTF-8") from error
    if "\0" in text:
        raise DataError(f"{path}: is not text: save it as CSV, or as one JSON object per line")
    return text


def _rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    head = text.split("\n", 1)[0]
    declared = _EXCEL.fullmatch(head)
    separator = declared[1] if declared else max(",;\t|", key=head.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    _check_quotes(path, text, separator)
    header: list[str] = []
    try:
        for cells in lines:
            if not any(map(str.strip, cells)) or (declared and lines.line_num == 1):
                continue
            if not header:
                header = _header(path, [cell.strip() for cell in cells])
            elif len(cells) != len(header):
                raise DataError(
                    f"{path}: line {lines.line_num} has {len(cells)} columns, the first line"
                    f" {len(header)}: quote what holds a separator"
                )
            else:
                yield lines.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise DataError(f"{path}: line {lines.line_num}: {first_line(error)}") from error


def _check_quotes(path: Path, text: str, separator: str) -> None:
    """Refuse a quote that is never closed: the rest of the table would be one value."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begun = 1
    try:
        for _ in lines:
            begun = lines.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise DataError(f"{path}: line {begun}: a quote is opened and never closed") from error


def _header(path: Path, names: list[str]) -> list[str]:
    if any(Path(name).suffix.lower() in EXTENSIONS for name in names):
        raise DataError(f"{path}: has no header: let its first line be file,label")
    if twice := [name for name in names if names.count(name) > 1]:
        raise DataError(f"{path}: two columns are called {twice[0]!r}: rename one")
    return names


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise DataError(f"{path}: line {number} is not a JSON object: give one per line")
        yield number, row


def _file_column(
    path: Path, columns: Sequence[str], first: Mapping[str, Any], exists: Callable[[str], bool]
) -> str:
    possible = [name for name in columns if _plain(name) in _FILE]
    if len(possible) > 1:
        there = [name for name in possible if exists(str(first.get(name)).strip())]
        if len(there) != 1:
            raise DataError(
                f"{path}: {' and '.join(possible)} could be the file: rename all but the right one"
            )
        return there[0]
    if not possible:
        raise NoLabelsError(
            f"{path}: no column is called file (columns: {_columns(columns)}): rename one"
        )
    return possible[0]


def _label_column(path: Path, columns: Sequence[str]) -> str:
    possible = [name for name in columns if _plain(name) in _LABEL]
    if len(possible) > 1:
        raise DataError(
            f"{path}: {' and '.join(possible)} could be the label: rename all but the right one"
        )
    if not possible and len(columns) == 1:
        return columns[0]
    if not possible:
        raise NoLabelsError(
            f"{path}: no column is called label (columns: {_columns(columns)}): rename one"
        )
    return possible[0]


def _cell(path: Path, line: int, row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if isinstance(value, (list, dict)):
        raise DataError(
            f"{path}: line {line}: {name} must be a single value, not a list or an object"
        )
    is_missing = value is None or value != value  # NaN, which pandas writes.
    return "" if is_missing else str(value).strip()


def _plain(name: str) -> str:
    """A name in lower case, with only its letters and digits."""
    return re.sub(r"[\W_]+", "", name.lower())


def _columns(columns: Sequence[str]) -> str:
    return listed(columns, _NAMED) or "none"


def _part_column(
    path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> str | None:
    """The column of parts, if there is one.

    One called so that names a part in some row, or is called split or part; or else one that names
    two or more parts, and nothing else.
    """
    possible = [name for name in columns if _plain(name) in _PART]
    sure = [name for name in possible if any(read_part(str(row.get(name))) for row in rows)]
    if len(sure) > 1:
        raise DataError(
            f"{path}: {' and '.join(sure)} could be the part: rename all but the right one"
        )
    called = [name for name in possible if _plain(name) in ("split", "part")]
    others = [name for name in columns if _holds_parts(row.get(name) for row in rows)]
    return next(iter([*sure, *called, *others]), None)


def _holds_parts(values: Iterable[Any]) -> bool:
    found = {read_part(value) for value in {*map(str, values)}}
    return None not in found and len({each.part for each in found if each}) > 1
