"""Image files in, pictures of class maps out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nin.errors import Argument, NinError
from nin.files import replacing
from nin.maps.evidence import Evidence
from nin.maps.picture import draw, save
from nin.maps.predictions import FilePredictions, MapPredictor, predict_files

#: Images per picture; more make further, numbered pictures.
PAGE = 8
HINT = "nin explain RUN --image-size N gives larger maps"


def explain(
    network: MapPredictor,
    files: Sequence[Path],
    *,
    classes: Sequence[str] = (),
    top: int = 3,
    percent: float | None = None,
    out: Path | None = None,
    raw: Path | None = None,
) -> Iterator[dict[str, Any]]:
    """Draw the class maps of image files. Nothing is written before all have been read.

    Args:
        network: a `nin.Predictor`.
        files: JPEG, PNG, WebP, BMP or TIFF; they are decoded as in training.
        classes: the classes to show, in this order; none: the `top` likeliest of each image.
        top: how many of the likeliest.
        percent: show only this percentage of each map's activations, the strongest, as in section
            4.6 of the paper.
        out: a picture, or a folder for one picture per image; see `nin.maps.explanation.pictures`.
        raw: an ``.npz`` to write the maps to: ``maps`` (n, h, w, classes), float32,
            ``probabilities`` (n, classes), ``classes``, ``files`` and ``fit``: the maps cover the
            whole picture (``"squash"``) or the square in its middle (``"crop"``).

    Yields:
        For each file ``file``, ``label``, ``probability``, ``picture``, ``top``: for each class
        that is drawn ``label``, ``probability``, ``logit``; and ``map_shape`` (h, w, classes).

    Raises:
        NinError: the network has no class maps, a file cannot be read or written, or an argument
            is out of range.
    """
    places = pictures(files, out)
    if percent is not None and not 0 < percent <= 100:
        raise NinError(
            "give a percentage above 0 and up to 100", about=Argument("percent", f"{percent:g}")
        )
    if raw is not None:
        _check_raw(raw, files)
    for picture in places:
        _check_folder(picture)
    found = predict_files(network, files, classes, top)
    if raw is not None:
        _write_raw(raw, found)
    for picture, indices in places.items():
        images = [found.evidence(index) for index in indices]
        save(draw(images, percent, HINT), picture)
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


def _check_folder(picture: Path) -> None:
    there = next(folder for folder in picture.absolute().parents if folder.exists())
    if not there.is_dir():
        raise NinError(f"cannot write {picture}: {there} is not a folder")


def _check_raw(raw: Path, files: Sequence[Path]) -> None:
    if raw.suffix.lower() != ".npz":
        raise NinError("the maps are written to an .npz", about=Argument("raw", raw))
    refuse_any_of(files, raw)


def _write_raw(raw: Path, found: FilePredictions) -> None:
    with replacing(raw) as file:
        np.savez_compressed(
            file,
            maps=found.maps,
            probabilities=found.probabilities,
            classes=np.array(found.classes),
            files=np.array([str(path) for path in found.files]),
            fit=np.array(found.fit),
        )


def pictures(files: Sequence[Path], out: Path | None = None) -> dict[Path, list[int]]:
    """Picture → the indices of the images in it.

    Args:
        files: the images.
        out: a ``.png`` or ``.svg`` for all images, eight per picture, further ones with ``-2``,
            ``-3`` before the suffix; or a folder for one picture per image,
            ``<image>-maps.png``. None: that picture here for one image, ``maps.png`` for more.

    Raises:
        NinError: another suffix, or one of `files` would be overwritten.
    """
    if out is not None and _is_folder(out):
        return {path: [i] for i, path in enumerate(_names(out, files))}
    if out is None:
        out = Path(f"{files[0].stem}-maps.png" if len(files) == 1 else "maps.png")
    if out.suffix.lower() not in (".png", ".svg"):
        raise NinError(
            "a picture is .png or .svg; a folder has no such ending", about=Argument("out", out)
        )
    numbers = list(range(len(files)))
    pages = [numbers[first : first + PAGE] for first in range(0, len(files), PAGE)]
    paths = [out, *(out.with_stem(f"{out.stem}-{page}") for page in range(2, len(pages) + 1))]
    for path in paths:
        refuse_any_of(files, path)
    return dict(zip(paths, pages, strict=True))


def refuse_any_of(files: Iterable[Path], path: Path) -> None:
    """Refuse to overwrite an image.

    Raises:
        NinError: `path` is one of `files`.
    """
    if _is_any_of(files, path):
        raise NinError(f"cannot write {path}: it is one of the images")


def _is_folder(out: Path) -> bool:
    return out.is_dir() or not out.suffix


def _names(folder: Path, files: Sequence[Path]) -> Iterator[Path]:
    """A free name per file; some file systems take ``A`` and ``a`` for the same."""
    taken: set[str] = set()
    for file in files:
        number = 1
        while True:
            path = folder / f"{file.stem}-maps{'' if number == 1 else f'-{number}'}.png"
            if path.name.casefold() not in taken and not _is_any_of(files, path):
                break
            number += 1
        taken.add(path.name.casefold())
        yield path


def _is_any_of(files: Iterable[Path], path: Path) -> bool:
    return path.exists() and any(file.exists() and path.samefile(file) for file in files)
