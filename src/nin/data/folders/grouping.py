"""Which pictures of a folder belong together, such as several of one object, by their paths."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nin.data.folders.content import Digests
from nin.errors import Argument, DataError

#: A regular expression for paths below the folder, or a function of such a path.
GroupBy = str | Callable[[Path], object]

_functions: dict[str, Callable[[Path], object]] = {}


def group_digests(
    paths: Sequence[str], contents: Digests, root: Path, by: GroupBy, *, all_match: bool = True
) -> Digests | None:
    """A digest (n,) of the group of each picture: equal for pictures of one group.

    Groups that hold copies of one picture are one group.

    Args:
        paths: the pictures.
        contents: (n,), digests of their content.
        root: the folder; `by` sees paths below it.
        by: a regular expression, whose first group, or whole match if it has none, is the key; a
            function; or the name of a function of this process, as `group_name` returns it.
        all_match: whether an expression must match each path; else those that it does not match
            are in no group.

    Returns:
        The digests; None if `by` names a function of another process, so that groups are unknown.

    Raises:
        DataError: the expression is invalid, or does not match a path that it must.
    """
    if isinstance(by, str) and _is_function(by):
        if by not in _functions:
            return None
        by = _functions[by]
    key = _by_pattern(by, all_match) if isinstance(by, str) else by
    relative = [_below(Path(path), root) for path in paths]
    keys = [str(key(path)).encode(errors="surrogateescape") for path in relative]
    digests = b"".join(hashlib.blake2b(each, digest_size=8).digest() for each in keys)
    return _joined_by_copies(np.frombuffer(digests, "<u8").astype(np.uint64), contents)


def _joined_by_copies(groups: Digests, contents: Digests) -> Digests:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    units, unit = np.unique(groups, return_inverse=True)
    copies, copy = np.unique(contents, return_inverse=True)
    nodes = len(units) + len(copies)
    links = coo_array((np.ones(len(unit)), (unit, len(units) + copy)), shape=(nodes, nodes))
    count, component = connected_components(links, directed=False)
    least = np.full(count, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(least, component[unit], groups)
    found: Digests = least[component[unit]]
    return found


def _below(path: Path, root: Path) -> Path:
    """A path relative to the folder; the full path if a table names a picture elsewhere."""
    for folder in (root, root.absolute()):
        if path.is_relative_to(folder):
            return path.relative_to(folder)
    return path


def group_name(by: GroupBy) -> str:
    """How a recipe states it: a pattern as it is; a function by a name valid in this process."""
    if isinstance(by, str):
        return by
    name = called = f"function {getattr(by, '__qualname__', type(by).__name__)}"
    number = 1
    while _functions.setdefault(name, by) is not by:  # Another function has this name.
        number += 1
        name = f"{called} {number}"
    return name


def check_pattern(by: GroupBy) -> None:
    """Refuse a string that is not a valid regular expression.

    Raises:
        DataError: it is not; the message says why.
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


def _by_pattern(pattern: str, all_match: bool) -> Callable[[Path], object]:
    expression = _compiled(pattern)

    def key_of(path: Path) -> str:
        found = expression.search(path.as_posix())
        key = found and found[min(1, expression.groups)]
        if key is None and not all_match:
            return f"/{path.as_posix()}"
        if key is None:
            raise DataError(f"matches nothing in {path}", about=Argument("groups", pattern))
        return key

    return key_of
