"""Reads and checks a run's own files, which need not be trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from nin.data.decoding.decode import ResizeMode
from nin.errors import RunError
from nin.files import did_you_mean
from nin.training.runs.description import Description, with_rows
from nin.training.runs.run_format import RunRecord, State

FORMAT = 1

#: Limits: bytes of a record or a table; classes of a network; characters of a name.
MOST_BYTES, MOST_CLASSES, LONGEST_NAME = 64 * 2**20, 100_000, 1000


class Checked(BaseModel):
    """A part of a file, which may hold other values besides those that are checked."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class _Data(Checked):
    fingerprint: str
    #: For pictures whose files do not state one.
    bit_depth: Literal[8, 10, 12, 14, 16] | None = None


class _Recipe(Checked):
    #: Called `fit` in earlier runs, and missing in runs from before there was a choice.
    resize_mode: ResizeMode = Field("squash", validation_alias=AliasChoices("resize_mode", "fit"))


def _checked_name(name: str) -> str:
    """A name of a bounded length. Pydantic's own bound would refuse text that is not UTF-8."""
    if len(name) > LONGEST_NAME:
        raise ValueError(f"a name of {len(name):,} characters")
    return name


class _Session(Checked):
    epoch: int = Field(default=0, ge=0)
    #: What paths are relative to; unknown for the first session of an earlier run.
    directory: str = ""
    directory_from_run: str = ""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if len(_BASE & self.model_fields_set) == 1:
            raise ValueError("directory and directory_from_run go together")
        return self


_BASE = {"directory", "directory_from_run"}


class _Record(Checked):
    state: State
    sessions: list[_Session] = []
    recipe: _Recipe
    skip_bad: bool = False
    #: Number of unreadable photographs that stopped a frozen training before it began.
    unreadable: int = Field(default=0, ge=0)
    data: _Data
    classes: Annotated[
        list[Annotated[str, AfterValidator(_checked_name)]], Field(max_length=MOST_CLASSES)
    ]
    model: Annotated[Description, BeforeValidator(with_rows)]

    @model_validator(mode="after")
    def _agree(self) -> Self:
        outputs = self.model.arguments.num_classes
        if outputs != len(self.classes):
            raise ValueError(f"{len(self.classes)} classes for a network of {outputs} outputs")
        return self


def read_record(path: Path) -> RunRecord:
    """What ``run.json`` in the run directory `path` holds.

    Raises:
        RunError: it is not a run directory, or a damaged one, or one of a later version.
    """
    record = _read_json(path)
    if record.get("format") != FORMAT:
        raise RunError(f"{path} was written in format {record.get('format')!r}, not {FORMAT}")
    if problem := problem_in(_Record, record):
        raise RunError(f"{path / 'run.json'} is damaged: {problem}")
    return cast(RunRecord, record)


def text_of(path: Path) -> str:
    """The text of a file of a bounded size.

    Raises:
        OSError: it is too large, or not an ordinary file.
    """
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is not an ordinary file")
    if path.exists() and path.stat().st_size > MOST_BYTES:
        raise OSError(f"{path} has more than {MOST_BYTES:,} bytes")
    return path.read_text(encoding="utf-8")


def problem_in(kind: type[Checked], value: Any) -> str | None:
    """Why `value` is not valid for `kind`, in a few words; None if it is."""
    try:
        kind.model_validate(value)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        return f"{place[:80]}: {problem['msg'].lower()}".removeprefix(": ")
    return None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(text_of(path / "run.json"))
    except (FileNotFoundError, NotADirectoryError) as error:
        hint = "" if path.exists() else did_you_mean(path, Path("runs"))
        raise RunError(f"{path} is not a run directory: it has no run.json{hint}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path / 'run.json'} cannot be read: {error}") from error
    if not isinstance(record, dict):
        raise RunError(f"{path / 'run.json'} is damaged: it holds no record")
    return record
