"""What a client may ask beside its images: the parameters of a request."""

from __future__ import annotations

from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field

from nin.maps.evidence import MOST_SHOWN

if TYPE_CHECKING:
    from nin.inference import FilePredictor


class MapsForm(StrEnum):
    """How class maps are sent."""

    NONE = "none"
    VALUES = "values"
    PNG = "png"


class Question(BaseModel):
    """How an answer is to be; a parameter of another name is refused, as it would do nothing."""

    model_config = ConfigDict(extra="forbid")

    top: int | None = Field(None, ge=1, description="How many classes to name; default: all.")
    maps: MapsForm = Field(
        MapsForm.NONE,
        description="Class maps: none (the default), values of all classes,"
        f" or png of the classes that are named, at most {MOST_SHOWN}.",
    )

    @property
    def wants_maps(self) -> bool:
        """Whether the network is to put its maps out."""
        return self.maps is not MapsForm.NONE

    def check(self, predictor: FilePredictor) -> None:
        """Refuse what this network cannot answer.

        Raises:
            HTTPException: 422, there are no maps, or too many to be drawn.
        """
        if self.wants_maps and not predictor.has_maps:
            raise HTTPException(422, "this network has no class maps")
        named = min(self.top or inf, len(predictor.classes))
        if self.maps is MapsForm.PNG and named > MOST_SHOWN:
            raise HTTPException(422, f"at most {MOST_SHOWN} maps are drawn: say top={MOST_SHOWN}")
