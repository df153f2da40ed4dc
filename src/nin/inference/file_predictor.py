"""`FilePredictor`: one way to ask any exported file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nin.data.decode import Fit, decode
from nin.errors import DataError, ExportError
from nin.files import expand
from nin.inference.engines import Answers, Engine, Images, form_of, open_engine

#: Images that are computed at a time.
BATCH = 64


class FilePredictor:
    """Answers to images, from an exported file; `nin.Predictor` opens run directories as well.

    From an ONNX file neither Keras nor a framework is imported.

    Args:
        source: an ``.onnx`` or ``.tflite`` file, or the folder of an OpenVINO or SavedModel export.
        threads: how many may compute one answer; 0 for all cores. For ONNX, OpenVINO and LiteRT.
        opened: the name of a format and an engine that has `source` open already; None to open it.

    Attributes:
        path: what was opened.
        format: ``"onnx"``, ``"openvino"``, ``"litert"`` or ``"savedmodel"``.
        description: what travels with the network: classes, shape, provenance. Plain JSON.

    Raises:
        ExportError: it is no exported network, a damaged one, or what runs it is not installed.
    """

    path: Path
    format: str

    def __init__(
        self,
        source: str | Path,
        *,
        threads: int = 0,
        opened: tuple[str, Engine] | None = None,
    ) -> None:
        self.path = expand(source)
        self.format, self._engine = opened or _opened(self.path, threads)
        self.description = self._engine.description

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes' names, in the order of the answers."""
        return tuple(self.description["classes"])

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) that images are brought to: those trained on, as stored."""
        height, width, channels = self.description["input_shape"]
        return height, width, channels

    @property
    def fit(self) -> Fit:
        """How images are brought to it: all of one, ``"squash"``, or its middle, ``"crop"``."""
        fit: Fit = self.description.get("fit", "squash")
        return fit

    @property
    def has_maps(self) -> bool:
        """Whether class maps can be had."""
        return bool(self.description["maps"])

    def read(self, source: str | Path | bytes) -> Images:
        """Decode a picture as for training; see `nin.data.decode.decode`.

        Args:
            source: a path, or the file's content.

        Returns:
            uint8 of `input_shape`.

        Raises:
            DataError: it cannot be read.
        """
        height, _, channels = self.input_shape
        return decode(source, height, channels, self.fit)

    def predict(self, images: Any, maps: bool = False) -> Answers:
        """What is in these images, and where.

        Args:
            images: (n, height, width, channels), uint8, of any size; grey, RGB or RGBA. They are
                brought to `input_shape` by `fit`.
            maps: whether the class maps are wanted.

        Returns:
            `Answers`: ``probabilities`` (n, classes), and ``maps`` (n, height, width, classes).

        Raises:
            DataError: images of another shape or type.
            ExportError: maps are wanted of a network that has none.
        """
        images = _checked(np.asarray(images))
        if maps and not self.has_maps:
            raise ExportError(f"{self.path} has no class maps")
        parts = [
            self._engine.answer(images[first : first + BATCH], maps)
            for first in range(0, len(images), BATCH)
        ]
        probabilities = np.concatenate([part.probabilities for part in parts])
        found = [part.maps for part in parts if part.maps is not None]
        return Answers(probabilities, np.concatenate(found) if maps else None)

    def predict_files(self, paths: Sequence[str | Path], top: int = 1) -> Iterator[dict[str, Any]]:
        """What is in each file, in the files' order.

        Args:
            paths: JPEG, PNG, WebP, BMP or TIFF files.
            top: how many of the likeliest classes to name.

        Yields:
            ``file``, ``label``, ``probability``, and ``top``: a list of ``label``, ``probability``.

        Raises:
            DataError: a file cannot be read; files before it, in whole batches, have been answered.
        """
        for first in range(0, len(paths), BATCH):
            some = paths[first : first + BATCH]
            answers = self.predict(np.stack([self.read(path) for path in some]))
            for path, probabilities in zip(some, answers.probabilities, strict=True):
                yield {"file": str(path), **ranked(self.classes, probabilities, top)}

    def __repr__(self) -> str:
        return f"<Predictor {self.path} ({self.format}, {len(self.classes)} classes)>"


def ranked(classes: Sequence[str], probabilities: Any, top: int) -> dict[str, Any]:
    """The likeliest classes of one image, ready for JSON: ``label``, ``probability``, ``top``."""
    best = np.argsort(-probabilities, kind="stable")[:top]
    rows = [{"label": classes[i], "probability": float(probabilities[i])} for i in best]
    return {**rows[0], "top": rows}


def _opened(path: Path, threads: int) -> tuple[str, Engine]:
    form = form_of(path)
    if form is None:
        raise ExportError(f"{path} is a run directory: nin export {path} makes a file of it")
    return form, open_engine(form, path, threads)


def _checked(images: Images) -> Images:
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3, 4):
        raise DataError(
            "images must be uint8 of shape (n, height, width, channels) with 1, 3 or 4 channels,"
            f" not {images.dtype} of shape {images.shape}"
        )
    if not images.size:
        raise DataError(f"there is no image in an array of shape {images.shape}")
    return images
