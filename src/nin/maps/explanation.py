"""Draws class maps of image files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from nin.errors import Argument, NinError
from nin.files import check_file_writable, expand, replacing
from nin.maps.destinations import ARRAYS, check_free, pictures
from nin.maps.evidence import Evidence, check_strongest
from nin.maps.picture import draw, save
from nin.maps.predictions import MappedFiles, MapPredictor, predict_maps

HINT = "nin explain RUN --image-size N gives larger maps"


class ExplainOptions(TypedDict, total=False):
    """The options of `explained`."""

    classes: Sequence[str]
    top: int
    strongest: float | None
    out: Path | None
    raw: Path | None
    overwrite: bool


def explain(
    network: MapPredictor, files: Sequence[Path], **options: Unpack[ExplainOptions]
) -> list[dict[str, Any]]:
    """Draw the class maps of image files: all that `explained` does and yields, as a list."""
    return list(explained(network, files, **options))


def explained(
    network: MapPredictor,
    files: Sequence[Path],
    *,
    classes: Sequence[str] = (),
    top: int = 3,
    strongest: float | None = None,
    out: Path | None = None,
    raw: Path | None = None,
    overwrite: bool = False,
) -> Iterator[dict[str, Any]]:
    """Draw the class maps of image files. Nothing is written before all have been read.

    Args:
        network: a `nin.Predictor`.
        files: pictures; they are decoded as in training.
        classes: the classes to show, in this order; by default the `top` likeliest per image.
        top: number of likeliest classes to show.
        strongest: show only this percentage of each map's activations, the strongest, as in section
            4.6 of the paper.
        out: a picture, or a folder for one picture per image; see `nin.maps.destinations.pictures`.
        raw: an ``.npz`` to write the maps to: ``maps`` (n, h, w, classes), float32,
            ``probabilities`` (n, classes), ``classes``, ``files`` and ``resize_mode``, which
            says whether the maps cover the whole picture (``"squash"``) or the square in its middle
            (``"crop"``).
        overwrite: whether to replace files that this function did not write; never an image.

    Yields:
        For each file: ``file``, ``label``, ``probability``, ``picture``, ``map_shape``
        (h, w, classes) and ``top``, with ``label``, ``probability`` and ``logit`` of each class
        that is drawn.

    Raises:
        NinError: the network has no class maps, a file cannot be read or written, an argument is
            out of range, or a file that this function did not write would be overwritten.
    """
    raw = None if raw is None else expand(raw)
    places = pictures(files, out, overwrite)
    check_strongest(strongest)
    if raw is not None:
        _check_raw(raw, files, overwrite)
    for picture in places:
        check_file_writable(picture)
    found = predict_maps(network, files, classes, top)
    if raw is not None:
        _write_raw(raw, found)
    for picture, indices in places.items():
        images = [found.evidence(index) for index in indices]
        save(draw(images, strongest, HINT), picture)
        for index, image in zip(indices, images, strict=True):
            yield _row(files[index], picture, image)


def _row(file: Path, picture: Path, image: Evidence) -> dict[str, Any]:
    rows = [
        {
            "label": image.classes[index],
            "probability": float(image.probabilities[index]),
            "logit": float(image.logits[index]),
        }
        for index in image.shown
    ]
    return {
        "file": str(file),
        "label": image.classes[image.predicted],
        "probability": float(image.probabilities[image.predicted]),
        "picture": str(picture),
        "top": rows,
        "map_shape": list(image.maps.shape),
    }


def _check_raw(raw: Path, files: Sequence[Path], overwrite: bool) -> None:
    if raw.suffix.lower() != ".npz":
        raise NinError("class maps are written as an .npz file", about=Argument("raw", raw))
    check_free("raw", raw, files, overwrite)
    check_file_writable(raw)


def _write_raw(raw: Path, found: MappedFiles) -> None:
    files = [str(path) for path in found.files]
    arrays = (found.maps, found.probabilities, found.classes, files, found.resize_mode)
    named: dict[str, Any] = dict(zip(ARRAYS, map(np.asarray, arrays), strict=True))
    with replacing(raw) as file:
        np.savez_compressed(file, **named)
