"""What a client may ask and what it gets: query parameters, responses, and how they are made."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from fastapi import HTTPException
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from nin.data.decode import shown_size
from nin.inference.file_predictor import ranked
from nin.maps.evidence import MOST_SHOWN
from nin.serving.batching import Seen
from nin.serving.upload import Upload

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


#: The longer side of an overlay, in sides that the network takes: an image may be a mere line.
_LONGEST = 4


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClassProbability(_Exact):
    """A class and how likely it is."""

    label: str
    probability: float = Field(ge=0, le=1.0001)


class MapValues(_Exact):
    """The class maps as numbers; the mean of a map is its class's logit.

    They cover the whole image; or, of a network with the fit "crop", the square in its middle.
    """

    shape: tuple[int, int, int] = Field(description="height, width, classes")
    values: str = Field(description="base64 of float32, little-endian, row by row")


class MapPictures(_Exact):
    """The class maps as pictures to stretch over the image, on one scale.

    What the network does not see of the image is dimmed.
    """

    low: float = Field(description="the smallest value in any of the maps")
    high: float = Field(description="the largest")
    png: dict[str, str] = Field(description="class → data URI of an RGBA PNG")


class Answer(_Exact):
    """What is in one image."""

    name: str | None = Field(description="of the file, as the client gave it")
    label: str
    probability: float = Field(ge=0, le=1.0001)
    top: list[ClassProbability] = Field(description="the likeliest classes, the likeliest first")
    maps: MapValues | MapPictures | None


class Predictions(_Exact):
    """What is in each image, in their order."""

    answers: list[Answer]


class Problem(_Exact):
    """Why there is no answer, in one line."""

    detail: str


class Health(_Exact):
    """How the server is."""

    status: str


def answers_json(
    predictor: FilePredictor,
    uploads: Sequence[Upload],
    seen: Sequence[Seen],
    asked: Question,
) -> bytes:
    """The JSON of `Predictions`.

    Args:
        predictor: the network that answered.
        uploads: the images.
        seen: what it said of each.
        asked: how the answers are to be.
    """
    answers = [
        _answer(predictor, upload, each, asked) for upload, each in zip(uploads, seen, strict=True)
    ]
    return to_json({"answers": answers})


def to_json(value: Any) -> bytes:
    """JSON in ASCII: names of classes need not be text that any encoding can hold."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _answer(
    predictor: FilePredictor, upload: Upload, seen: Seen, asked: Question
) -> dict[str, Any]:
    classes = predictor.classes
    found = ranked(classes, seen.probabilities, len(classes) if asked.top is None else asked.top)
    maps: dict[str, Any] | None = None
    if seen.maps is not None and asked.maps is MapsForm.VALUES:
        maps = _values(seen.maps)
    elif seen.maps is not None and asked.maps is MapsForm.PNG:
        shown = [row["label"] for row in found["top"]]
        maps = _pictures(seen.maps, shown, predictor, upload)
    return {"name": upload.name, **found, "maps": maps}


def _values(maps: NDArray[np.floating]) -> dict[str, Any]:
    content = np.ascontiguousarray(maps, "<f4").tobytes()
    return {"shape": list(maps.shape), "values": base64.b64encode(content).decode()}


def _pictures(
    maps: NDArray[np.floating], shown: Sequence[str], predictor: FilePredictor, upload: Upload
) -> dict[str, Any]:
    from nin.maps.colours import overlay_png

    low, high = float(maps.min()), float(maps.max())
    classes, size = predictor.classes, _size(predictor, upload)
    pictures = {}
    for label in shown:
        png = overlay_png(maps[..., classes.index(label)], low, high, size, predictor.fit)
        pictures[label] = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return {"low": low, "high": high, "png": pictures}


def _size(predictor: FilePredictor, upload: Upload) -> tuple[int, int]:
    """(height, width) of an overlay: what the network sees of the image has as many as it takes."""
    side = predictor.input_shape[0]
    if predictor.fit == "squash":
        return side, side
    height, width = shown_size(upload.content)
    times = min(side / min(height, width), _LONGEST * side / max(height, width))
    return max(1, round(times * height)), max(1, round(times * width))
