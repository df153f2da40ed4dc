"""What a run's files must hold before anything is made of them: they may come from a stranger."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from nin.data.decode import Fit
from nin.training.description import Description

State = Literal["training", "interrupted", "died", "finished"]


class _Checked(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class _Data(_Checked):
    fingerprint: str


class _Recipe(_Checked):
    #: Of runs from before there was a choice.
    fit: Fit = "squash"


class _Record(_Checked):
    state: State
    recipe: _Recipe
    skip_bad: bool = False
    data: _Data
    classes: list[str]
    model: Description

    @model_validator(mode="after")
    def _agree(self) -> Self:
        answers = self.model.arguments.num_classes
        if answers != len(self.classes):
            raise ValueError(f"{len(self.classes)} classes for a network of {answers} answers")
        return self


class _Row(_Checked):
    __pydantic_extra__: dict[str, float | None] = Field(init=False)

    epoch: int
    seconds: float


def fault(record: Any) -> str | None:
    """What keeps `record` from being that of a run, in a few words; None if nothing does."""
    return _fault(_Record, record)


def fault_of_row(row: Any) -> str | None:
    """What keeps `row` from being a line of a run's metrics; None if nothing does."""
    return _fault(_Row, row)


def _fault(kind: type[BaseModel], value: Any) -> str | None:
    try:
        kind.model_validate(value)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        return f"{place[:80]}: {problem['msg'].lower()}".removeprefix(": ")
    return None
