"""How duplicates are reported: as lines of text, as rows of a contact sheet, as JSON."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nin.data.duplicate_detection.duplicates import (
    DuplicateGroup,
    DuplicatePicture,
    Duplicates,
    Twins,
)
from nin.data.duplicate_detection.picture_sheet import SheetPicture, SheetRow
from nin.data.split import PARTS, Part
from nin.names import printable

#: The most groups on a contact sheet, and the most pictures of each.
_MOST_GROUPS, _MOST_PICTURES = 60, 12


def leak_lines(duplicates: Duplicates, pictures: Mapping[Part, int]) -> list[str]:
    """A line for each pair of parts that share pictures: how many they share.

    Args:
        duplicates: what was found.
        pictures: part → number of pictures.
    """
    lines = []
    for (part, other), count in duplicates.leak_counts().items():
        same = sum(
            twins.is_same
            for twins in duplicates.leaks
            if (twins.picture.part, twins.other.part) == (part, other)
        )
        lines.append(
            f"{count:,} of the {pictures[part]:,} pictures of {part}"
            f" {'is' if count == 1 else 'are'} in {other}, too"
            f" ({_kinds(same, count - same)})"
        )
    return lines


def conflict_line(duplicates: Duplicates, classes: Sequence[str], root: Path) -> str | None:
    """How many times a picture is in two classes, with the first example; None if never.

    Args:
        duplicates: what was found.
        classes: the names of the classes.
        root: the folder.
    """
    if not (found := duplicates.conflicts):
        return None
    same = sum(twins.is_same for twins in found)
    one, other = (
        f"{relative(each.path, root)} ({printable(classes[each.label])})" for each in found[0]
    )
    times = "once" if len(found) == 1 else f"{len(found):,} times"
    kinds = _kinds(same, len(found) - same)
    return f"the same picture is in two classes, {times} ({kinds}): {one} and {other}"


def pair_line(twins: Twins, root: Path) -> str:
    """Two pictures, and whether they are the same or near copies."""
    what = "is the same as" if twins.is_same else "is a near copy of"
    return f"{relative(twins.picture.path, root)} {what} {relative(twins.other.path, root)}"


def within_line(duplicates: Duplicates) -> str | None:
    """How many pictures occur more than once in one part and class; None if none do."""
    groups = [g for g in duplicates.groups if len(g.parts) == 1 and len(g.labels) == 1]
    if not groups:
        return None
    more = sum(len(group.pictures) - 1 for group in groups)
    same = sum(len(group.pictures) - len({p.content for p in group.pictures}) for group in groups)
    kinds = _kinds(same, more - same)
    if more == 1:
        return f"1 picture is a copy of another of its class ({kinds})"
    return f"{more:,} pictures are copies of others of their class ({kinds})"


def show_command(folder: str) -> str:
    """The command that shows all duplicates of a folder."""
    return f"nin data {shlex.quote(printable(folder))} --sheet duplicates.png"


def relative(path: str, root: Path) -> str:
    """A picture's path relative to the folder, safe to print; the full path if it is elsewhere."""
    above = f"{root}{os.sep}"
    return printable(path.removeprefix(above))


def sheet_rows(duplicates: Duplicates, classes: Sequence[str], *, split: bool) -> list[SheetRow]:
    """The first groups as rows of a contact sheet.

    Args:
        duplicates: what was found.
        classes: the names of the classes.
        split: whether the folder is divided into parts.
    """
    rows = []
    for group in duplicates.groups[:_MOST_GROUPS]:
        pictures = _most_varied(group)[:_MOST_PICTURES]
        shown = [
            SheetPicture(
                each.path,
                [f"{each.part} · " * split + classes[each.label], Path(each.path).name],
            )
            for each in pictures
        ]
        rows.append(SheetRow(_title(group), shown))
    if more := len(duplicates.groups) - len(rows):
        rows.append(SheetRow(f"and {more:,} more groups: nin data FOLDER --json names them", []))
    return rows


def report(
    duplicates: Duplicates, classes: Sequence[str], root: Path, *, split: bool
) -> dict[str, Any]:
    """All groups, ready for JSON; the part of each picture is None if the folder has none.

    Args:
        duplicates: what was found.
        classes: the names of the classes.
        root: the folder; names of files below it are relative to it.
        split: whether the folder is divided into parts.
    """
    return {
        **duplicates.record(),
        "groups": [
            {
                "same": group.is_same,
                "distance": group.distance,
                "pictures": [
                    {
                        "file": each.path.removeprefix(f"{root}{os.sep}"),
                        "part": each.part if split else None,
                        "class": classes[each.label],
                    }
                    for each in group.pictures
                ],
            }
            for group in duplicates.groups
        ],
    }


def _kinds(same: int, near: int) -> str:
    """``5 the same, 2 near copies``."""
    words = [f"{same:,} the same"] * bool(same)
    words += [f"{near:,} near {'copy' if near == 1 else 'copies'}"] * bool(near)
    return ", ".join(words)


def _title(group: DuplicateGroup) -> str:
    what = "the same" if group.is_same else f"near copies, distance {group.distance}"
    where = []
    if len(group.parts) > 1:
        where.append("in " + " and ".join(part for part in PARTS if part in group.parts))
    if len(group.labels) > 1:
        where.append(f"under {len(group.labels)} classes")
    more = len(group.pictures) - _MOST_PICTURES
    where += [f"and {more:,} more"] * (more > 0)
    return ": ".join([what, ", ".join(where)]) if where else what


def _most_varied(group: DuplicateGroup) -> list[DuplicatePicture]:
    """The pictures of a group, beginning with one of each part and class."""
    seen: Counter[tuple[Part, int]] = Counter()
    ranked: list[tuple[int, DuplicatePicture]] = []
    for picture in group.pictures:
        ranked.append((seen[picture.part, picture.label], picture))
        seen[picture.part, picture.label] += 1
    return [picture for _, picture in sorted(ranked, key=lambda each: each[0])]
