"""Keys of a JSON value that its type does not name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict


def unnamed(value: Any, kind: Any, where: str = "") -> Iterator[str]:
    """``data.colour`` for a key that the `TypedDict` of ``data`` lacks, however deep."""
    if is_typeddict(kind):
        hints = get_type_hints(kind)
        for key, inner in value.items():
            if key in hints:
                yield from unnamed(inner, hints[key], f"{where}{key}.")
            else:
                yield f"{where}{key}"
    elif get_origin(kind) in (list, dict):
        for each in value if isinstance(value, list) else value.values():
            yield from unnamed(each, get_args(kind)[-1], where)
    elif value is not None:  # of this or None
        for each in filter(is_typeddict, get_args(kind)):
            yield from unnamed(value, each, where)
