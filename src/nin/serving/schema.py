"""The API as types: query parameters and responses, and how a response is written."""

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

from nin.data.decoding.decode import shown_size
from nin.inference.file_predictor import ranked
from nin.maps.evidence import MOST_SHOWN
from nin.serving.batching import Prediction
from nin.serving.upload import Upload

if TYPE_CHECKING:
    from nin.inference import FilePredictor


class MapsFormat(StrEnum):
    """How class maps are sent."""

    NONE = "none"
    VALUES = "values"
    PNG = "png"


class QueryParameters(BaseModel):
    """The query parameters of ``/predict``; unknown ones are refused, as they would do nothing."""

    model_config = ConfigDict(extra="forbid")

    top: int | None = Field(
        None, ge=1, description="Number of classes to name, the likeliest first; default: all."
    )
    maps: MapsFormat = Field(
        MapsFormat.NONE,
        description="Class maps: none (the default), values of all classes,"
        f" or png of the classes that are named, at most {MOST_SHOWN}.",
    )

    @property
    def with_maps(self) -> bool:
        """Whether class maps are requested."""
        return self.maps is not MapsFormat.NONE

    def check(self, predictor: FilePredictor) -> None:
        """Refuse what this network cannot do.

        Raises:
            HTTPException: 422 if it has no class maps, or too many of them are to be drawn.
        """
        if self.with_maps and not predictor.has_maps:
            raise HTTPException(422, "this network has no class maps")
        named = min(self.top or inf, len(predictor.classes))
        if self.maps is MapsFormat.PNG and named > MOST_SHOWN:
            raise HTTPException(422, f"at most {MOST_SHOWN} maps are drawn: give top={MOST_SHOWN}")


#: The longest side of an overlay, as a multiple of the network's: an image may be very narrow.
_LONGEST = 4


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClassProbability(_Exact):
    """A class and how likely it is."""

    label: str
    probability: float = Field(ge=0, le=1.0001)


class MapValues(_Exact):
    """The class maps as numbers; the mean of a map is its class's logit.

    They cover the whole image; or, for a network with the resize mode "crop", the square in its
    middle.
    """

    shape: tuple[int, int, int] = Field(description="height, width, classes")
    values: str = Field(description="base64 of float32, little-endian, row by row")


class MapPictures(_Exact):
    """The class maps as pictures to stretch over the image, all on the same scale.

    What is not part of the network's input is dimmed.
    """

    low: float = Field(description="the smallest value in any of the maps")
    high: float = Field(description="the largest")
    png: dict[str, str] = Field(description="class → data URI of an RGBA PNG")


class ImagePrediction(_Exact):
    """The prediction for one image."""

    name: str | None = Field(description="of the file, as the client gave it")
    label: str
    probability: float = Field(ge=0, le=1.0001)
    top: list[ClassProbability] = Field(description="the likeliest classes, the likeliest first")
    maps: MapValues | MapPictures | None


class PredictResponse(_Exact):
    """The predictions for all images, in their order."""

    predictions: list[ImagePrediction]


class Problem(_Exact):
    """Why a request was refused or failed, in one line."""

    detail: str


class Health(_Exact):
    """The state of the server."""

    status: str


def predict_response(
    predictor: FilePredictor,
    uploads: Sequence[Upload],
    predictions: Sequence[Prediction],
    query: QueryParameters,
    most: int,
) -> bytes:
    """A `PredictResponse` as JSON.

    Args:
        predictor: the network.
        uploads: the images.
        predictions: what it predicts for each.
        query: the request's query parameters.
        most: most bytes of all pictures of maps together.

    Raises:
        HTTPException: 413 if they have more.
    """
    rows, size = [], 0
    for upload, each in zip(uploads, predictions, strict=True):
        row = _prediction(predictor, upload, each, query)
        size += sum(map(len, (row["maps"] or {}).get("png", {}).values()))
        if size > most:
            raise maps_too_large(len(uploads))
        rows.append(row)
    return to_json({"predictions": rows})


def maps_too_large(images: int) -> HTTPException:
    """The error for class maps, of one image or several, that do not fit into a response."""
    whose = "this network" if images == 1 else "so many images together"
    return HTTPException(413, f"the class maps of {whose} are too large to send")


def to_json(value: Any) -> bytes:
    """JSON in ASCII: names of classes may not be valid in any encoding."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()


def _prediction(
    predictor: FilePredictor, upload: Upload, prediction: Prediction, query: QueryParameters
) -> dict[str, Any]:
    classes = predictor.classes
    found = ranked(classes, prediction.probabilities, query.top or len(classes))
    maps: dict[str, Any] | None = None
    if prediction.maps is not None and query.maps is MapsFormat.VALUES:
        maps = _values(prediction.maps)
    elif prediction.maps is not None and query.maps is MapsFormat.PNG:
        shown = [row["label"] for row in found["top"]]
        maps = _pictures(prediction.maps, shown, predictor, upload)
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
        png = overlay_png(maps[..., classes.index(label)], low, high, size, predictor.resize_mode)
        pictures[label] = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return {"low": low, "high": high, "png": pictures}


def _size(predictor: FilePredictor, upload: Upload) -> tuple[int, int]:
    """(height, width) of an overlay: the part that the network takes has the size of its input."""
    side = predictor.input_shape[0]
    if predictor.resize_mode == "squash":
        return side, side
    height, width = shown_size(upload.content)
    times = min(side / min(height, width), _LONGEST * side / max(height, width))
    return max(1, round(times * height)), max(1, round(times * width))
