"""Which pictures of a folder belong together, such as several of one object: by their paths."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nin.data.folders.content import Digests
from nin.errors import Argument, DataError

#: A regular expression on paths below the folder, or a function of such a path.
GroupBy = str | Callable[[Path], object]

_functions: dict[str, Callable[[Path], object]] = {}


def group_digests(paths: Sequence[str], root: Path, by: GroupBy) -> Digests | None:
    """A digest (n,) of the group of each picture: equal where the group is.

    Args:
        paths: the pictures.
        root: the folder; paths count from there.
        by: a regular expression, of which the first group counts, or all it finds where it has
            none; a function; or the name of one of this process, as `group_name` gives it.

    Returns:
        None if `by` is a function of another process, so that nothing is known.

    Raises:
        DataError: the expression cannot be read, or finds nothing in a path.
    """
    if isinstance(by, str) and _is_function(by):
        if by not in _functions:
            return None
        by = _functions[by]
    key = _by_pattern(by) if isinstance(by, str) else by
    relative = [_below(Path(path), root) for path in paths]
    keys = [str(key(path)).encode(errors="surrogateescape") for path in relative]
    digests = b"".join(hashlib.blake2b(each, digest_size=8).digest() for each in keys)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def _below(path: Path, root: Path) -> Path:
    """A path as it counts from the folder; whole where a table names a picture elsewhere."""
    for folder in (root, root.absolute()):
        if path.is_relative_to(folder):
            return path.relative_to(folder)
    return path


def group_name(by: GroupBy) -> str:
    """What a recipe calls it: a pattern itself; a function by a name that holds in this process."""
    if isinstance(by, str):
        return by
    name = called = f"function {getattr(by, '__qualname__', type(by).__name__)}"
    number = 1
    while _functions.setdefault(name, by) is not by:  # Another function is called so.
        number += 1
        name = f"{called} {number}"
    return name


def check_pattern(by: GroupBy) -> None:
    """Refuse a text that is not a valid regular expression.

    Raises:
        DataError: states why.
    """
    if isinstance(by, str) and not _is_function(by):
        _compiled(by)


def _is_function(by: str) -> bool:
    return by.startswith("function ")


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        problem = f"not a valid regular expression: {error}"
        raise DataError(problem, about=Argument("groups", pattern)) from error


def _by_pattern(pattern: str) -> Callable[[Path], object]:
    expression = _compiled(pattern)

    def key(path: Path) -> str:
        found = expression.search(path.as_posix())
        if found is None:
            raise DataError(f"matches nothing in {path}", about=Argument("groups", pattern))
        return (found[1] if expression.groups else found[0]) or ""

    return key
