"""Image files in, pictures of class maps out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nin.errors import NinError
from nin.files import replacing
from nin.maps.evidence import Evidence
from nin.maps.picture import draw, save
from nin.maps.places import pictures, refuse_any_of
from nin.maps.reading import Answered, Network, ask

HINT = "nin explain RUN --image-size N gives maps"


def explain(
    network: Network,
    files: Sequence[Path],
    *,
    classes: Sequence[str] = (),
    top: int = 3,
    percent: float | None = None,
    out: Path | None = None,
    raw: Path | None = None,
) -> Iterator[dict[str, Any]]:
    """Draw what `network` sees in files, and where. Nothing is written before all have been read.

    Args:
        network: a `nin.Predictor`.
        files: JPEG, PNG, WebP, BMP or TIFF; they are decoded as in training.
        classes: the classes to show, in this order; none: the `top` likeliest of each image.
        top: how many.
        percent: show only so many per cent of each map's activations, the strongest, as the paper
            does in section 4.6.
        out: a picture, or a folder for a picture an image; see `nin.maps.places.pictures`.
        raw: an ``.npz`` to write the maps to: ``maps`` (n, h, w, classes), float32,
            ``probabilities`` (n, classes), ``classes``, ``files`` and ``fit``: whether they cover
            the whole picture, ``"squash"``, or the square in its middle, ``"crop"``.

    Yields:
        For each file ``file``, ``label``, ``probability``, ``picture``, ``top``: for each class
        that is drawn ``label``, ``probability``, ``logit``; and ``map_shape`` (h, w, classes).

    Raises:
        NinError: no class maps; a file that cannot be read or written; names or numbers that
            cannot be.
    """
    places = pictures(files, out)
    if percent is not None and not 0 < percent <= 100:
        raise NinError(f"--strongest {percent:g}: a share is above 0 and up to 100 per cent")
    if raw is not None:
        _check_raw(raw, files)
    for picture in places:
        _check_folder(picture)
    answered = ask(network, files, classes, top)
    if raw is not None:
        _write_raw(raw, answered)
    for picture, numbers in places.items():
        images = [answered.evidence(number) for number in numbers]
        save(draw(images, percent, HINT), picture)
        for number, image in zip(numbers, images, strict=True):
            yield _row(files[number], picture, image)


def _row(file: Path, picture: Path, image: Evidence) -> dict[str, Any]:
    rows = [
        {
            "label": image.classes[number],
            "probability": float(image.probabilities[number]),
            "logit": float(image.logits[number]),
        }
        for number in image.shown
    ]
    return {
        "file": str(file),
        "label": image.classes[image.answer],
        "probability": float(image.probabilities[image.answer]),
        "picture": str(picture),
        "top": rows,
        "map_shape": list(image.maps.shape),
    }


def _check_folder(picture: Path) -> None:
    there = next(folder for folder in picture.absolute().parents if folder.exists())
    if not there.is_dir():
        raise NinError(f"cannot write {picture}: {there} is not a folder")


def _check_raw(raw: Path, files: Sequence[Path]) -> None:
    if raw.suffix.lower() != ".npz":
        raise NinError(f"--raw {raw}: the maps are written to an .npz")
    refuse_any_of(files, raw)


def _write_raw(raw: Path, answered: Answered) -> None:
    with replacing(raw) as file:
        np.savez_compressed(
            file,
            maps=answered.maps,
            probabilities=answered.probabilities,
            classes=np.array(answered.classes),
            files=np.array([str(path) for path in answered.files]),
            fit=np.array(answered.fit),
        )
