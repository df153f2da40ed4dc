"""Warnings about pictures that a folder holds twice, before and after training."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from nin.data import DataModule, ImageArrays, ImageFolder
from nin.data.duplicate_detection.duplicate_report import (
    conflict_line,
    leak_lines,
    pair_line,
    show_command,
)
from nin.data.duplicate_detection.duplicates import Duplicates, find_duplicates
from nin.data.split import Part
from nin.data.storage.picture_store import about_size
from nin.progress import stderr_console
from nin.training.runs.membership_file import membership_of_another
from nin.training.runs.run import load
from nin.training.runs.run_format import RunRecord

#: Near copies are only looked for in folders of up to so many pictures and bytes, where it takes
#: seconds (for 3,781 small photographs, 5.9 of the 79 s of CPU time for fitting a head to them). In
#: larger folders `nin data` finds them. Exact copies are found in all folders.
MOST_PICTURES, MOST_BYTES = 20_000, 2 * 2**30

#: Number of pairs that the warning names.
_NAMED = 3


def warn_of_duplicates(data: DataModule, init: str | None = None) -> dict[str, Any]:
    """Print a warning on standard error if parts or classes of a folder share pictures.

    Args:
        data: the images of a training.
        init: the run that it starts from, whose pictures must not be evaluated on.

    Returns:
        The entry ``"duplicates"`` for the run's record; empty if nothing was looked for.
    """
    if isinstance(data, ImageArrays):
        leak = None if init is None else _used_before(data, init)
        return {} if leak is None else {"duplicates": {"leaks": [leak]}}
    if not isinstance(data, ImageFolder):
        return {}
    found = find_duplicates(
        {part: data.files(part) for part in data.parts},
        near=_is_small(data),
        digests=np.concatenate([data.digests(part) for part in data.parts]),
    )
    console = stderr_console()
    if found.leaks:
        console.print("\n".join(_warning(found, data)), markup=False, style="bold red")
    if line := conflict_line(found, data.classes, data.path):
        console.print(line, markup=False, style="yellow")
    if found.leaks or found.conflicts:
        console.print(f"to see them: {show_command(data.source)}", markup=False)
    if not found.near:
        console.print(
            "this folder is large: only exact copies were looked for; nin data finds near"
            " copies, too",
            markup=False,
        )
    record = found.record()
    if init is not None and (leak := _used_before(data, init)) is not None:
        record["leaks"].append(leak)
    return {"duplicates": record}


def _used_before(data: ImageFolder | ImageArrays, init: str) -> dict[str, Any] | None:
    """The leak of evaluation pictures that the run `init` has used, after a warning; or None."""
    part: Part = "test" if "test" in data.parts else "validation"
    if part not in data.parts:
        return None
    if isinstance(data, ImageFolder):
        count = _used_pictures(data, part, init)
    else:
        count = load(init).images.count_used(data, part) or 0
    if not count:
        return None
    stderr_console().print(
        f"WARNING: {init}, from which training starts, has used {count:,} of the {part} pictures:"
        " the accuracy will be too good",
        markup=False,
        style="bold red",
    )
    return {"part": part, "in": "train", "pictures": count}


def _used_pictures(data: ImageFolder, part: Part, init: str) -> int:
    known = membership_of_another(init)
    return 0 if known is None else len(known.used(data.digests(part)))


def leak_reminder(record: RunRecord) -> str | None:
    """The note below the accuracy of a run that was trained on evaluated pictures; else None.

    Args:
        record: the record of a finished run.
    """
    result = record["result"]
    assert result is not None
    for leak in record.get("duplicates", {}).get("leaks", ()):
        if (leak["part"], leak["in"]) == (result["split"], "train"):
            return (
                f"warning  {leak['pictures']:,} of these {result['n']:,} images, or near copies of"
                " them, were trained on"
            )
    return None


def _is_small(data: ImageFolder) -> bool:
    paths = [path for part in data.parts for path in data.files(part).paths]
    return len(paths) <= MOST_PICTURES and _bytes(paths) <= MOST_BYTES


def _bytes(paths: Sequence[str]) -> int:
    total = 0
    for path in paths:
        with contextlib.suppress(OSError):
            total += about_size(path)
    return total


def _warning(found: Duplicates, data: ImageFolder) -> list[str]:
    pictures = {part: len(data.files(part).labels) for part in data.parts}
    lines = [f"WARNING: {line}" for line in leak_lines(found, pictures)]
    lines += [f"  {pair_line(twins, data.path)}" for twins in found.leaks[:_NAMED]]
    more = len(found.leaks) - _NAMED
    lines += [f"  and {more:,} more"] * (more > 0)
    return [*lines, "  Pictures that were trained on test nothing: the accuracy will be too good."]
