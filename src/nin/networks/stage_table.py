"""A custom NiN as a table of stages, in Python, JSON, or a TOML or YAML file.

In TOML::

    [[stages]]
    widths = [32, 32]
    kernel_size = 5
    pool = "same"

    [[stages]]
    widths = [32, "classes"]  # a map per class
    kernel_size = 3
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter, ValidationError

from nin.errors import NinError, first_line
from nin.networks.stages import CLASSES, MBConv, Stage

Row = Stage | MBConv
#: These limits keep the layers of an untrusted network few enough to count its weights.
MOST_STAGES = 16


def _within_reach(stage: Stage) -> Stage:
    few = 1 <= len(stage.widths) <= MOST_STAGES
    if not few or not all(0 <= w <= 1_000_000 for w in stage.widths):
        raise ValueError("a stage has 1 to 16 convolutions of up to 1,000,000 channels")
    if not all(1 <= side <= 100 for side in (stage.kernel_size, stage.strides, stage.window)):
        raise ValueError("windows and strides are 1 to 100 pixels")
    if stage.padding not in ("same", "valid") or stage.pool not in ("same", "valid", None):
        raise ValueError("padding is same or valid")
    if not 0 <= stage.dropout <= 1:
        raise ValueError("dropout is a share from 0 to 1")
    if stage.pooling not in ("max", "average"):
        raise ValueError("pooling is max or average")
    if stage.activation not in ("relu", "relu6"):
        raise ValueError("an activation is relu or relu6")
    return stage


def _few_blocks(row: MBConv) -> MBConv:
    sides = (row.kernel_size, row.strides, row.expand, row.repeats)
    if not 1 <= row.channels <= 1_000_000 or not all(1 <= side <= 100 for side in sides):
        raise ValueError("an MBConv has 1 to 1,000,000 channels, all else in it is 1 to 100")
    return row


CheckedStage = Annotated[Stage, AfterValidator(_within_reach)]
CheckedMBConv = Annotated[MBConv, AfterValidator(_few_blocks)]


def is_table(name: str) -> bool:
    """Whether `name` is a table of stages: a file, or JSON from `as_text`."""
    return name.startswith("[") or Path(name).suffix.lower() in _READERS


def as_text(stages: Sequence[Row]) -> str:
    """The table in one line of JSON, as recipes and records of runs store it."""
    return json.dumps(stages, separators=(",", ":"))


def read_table(name: str) -> tuple[Row, ...]:
    """The stages in a file, or in JSON from `as_text`.

    Raises:
        NinError: there is no such file, or it is not a table of stages; states what is wrong.
    """
    if name.startswith("["):
        where, rows = "the table of stages", _parsed("the table of stages", json.loads, name)
    else:
        where, path = name, Path(name)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise NinError(f"{path}: cannot be read: {reason}") from error
        table = _parsed(where, _READERS[path.suffix.lower()], text)
        rows = table.get("stages") if isinstance(table, dict) else table
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_STAGES:
        raise NinError(f"{where}: give 1 to {MOST_STAGES} stages, as a list called stages")
    stages = tuple(_row(where, number, row) for number, row in enumerate(rows, 1))
    if isinstance(stages[0], MBConv):
        raise NinError(f"{where}: stage 1: the first stage must have widths, not be an MBConv")
    return stages


def _row(where: str, number: int, row: Any) -> Row:
    """One stage, from its values in order or by name."""
    if isinstance(row, dict):
        kind: Any = MBConv if "channels" in row else Stage
        for name in row:
            if name not in kind._fields:
                close = difflib.get_close_matches(str(name), kind._fields, n=1)
                hint = f": did you mean {close[0]}?" if close else f": {', '.join(kind._fields)}"
                raise NinError(f"{where}: stage {number}: it has no {name}{hint}")
        if "pooling" in row and row.get("pool") is None:
            raise NinError(f'{where}: stage {number}: pooling needs a pool: "same" or "valid"')
    elif isinstance(row, list) and row:
        kind = Stage if isinstance(row[0], list) else MBConv
        if len(row) > (most := len(kind._fields)):
            raise NinError(f"{where}: stage {number}: it has {len(row)} values, at most {most}")
        row = dict(zip(kind._fields, row, strict=False))
    else:
        raise NinError(f"{where}: stage {number}: give its widths and its kernel_size by name")
    if isinstance(row.get("widths"), list):
        row = {**row, "widths": [CLASSES if w == "classes" else w for w in row["widths"]]}
    return _checked(f"{where}: stage {number}", kind, row)


def _checked(where: str, kind: Any, row: dict[str, Any]) -> Row:
    checked: Any = CheckedMBConv if kind is MBConv else CheckedStage
    try:
        made: Row = TypeAdapter(checked).validate_python(row)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ").lower()
        raise NinError(f"{where}: {place + ': ' if place else ''}{message}") from error
    return made


def with_field(stages: Sequence[Row], name: str, value: Any) -> tuple[Row, ...]:
    """The table with one field of every `Stage` set to `value`; an `MBConv` stays as it is.

    Args:
        stages: the rows.
        name: a field of `Stage` other than its widths.
        value: its value; text is parsed if a number is needed.

    Raises:
        NinError: the field cannot have this value.
    """
    return tuple(
        _checked(f"stage {number}", Stage, {**row._asdict(), name: value})
        if isinstance(row, Stage)
        else row
        for number, row in enumerate(stages, 1)
    )


def _parsed(where: str, parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except (ValueError, RecursionError) as error:  # All three parsers raise a `ValueError`.
        reason = re.sub(r"\s+", " ", first_line(error))
        raise NinError(f"{where}: cannot be read: {reason}") from error


def _from_yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error).replace("\n", " ")) from error


_READERS = {
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yaml": _from_yaml,
    ".yml": _from_yaml,
}
