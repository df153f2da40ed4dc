"""`Predictor`: one way to ask a run or any exported file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nin.data.decode import Fit, decode
from nin.errors import DataError, ExportError
from nin.files import expand
from nin.shipping.description import weights_sha256
from nin.shipping.engines import FORMS, Answers, Engine, Images, form_of, open_engine

if TYPE_CHECKING:
    from nin.training import Run

#: Images that are computed at a time.
BATCH = 64


class Predictor:
    """Answers to images, from a run directory or an exported file.

    From an ONNX file neither Keras nor a framework is imported. A run directory with a current
    ``model.onnx`` in it, as ``nin export RUN`` leaves it, is answered by that.

    Args:
        source: a run directory, an ``.onnx`` or ``.tflite`` file, the folder of an OpenVINO or
            SavedModel export, or an opened `nin.Run`.
        image_size: side in pixels to look at images with, in place of the one trained with: more
            pixels make larger class maps. For runs only.
        threads: how many may compute one answer; 0 for all cores. For ONNX, OpenVINO and LiteRT.

    Attributes:
        path: what was opened.
        format: ``"run"``, ``"onnx"``, ``"openvino"``, ``"litert"`` or ``"savedmodel"``.
        description: what travels with the network: classes, shape, provenance. Plain JSON.

    Raises:
        ExportError: it is no exported network, a damaged one, or what runs it is not installed.
        RunError: it is a damaged run directory.

    Example:
        >>> predictor = nin.Predictor("runs/digits-1")
        >>> probabilities, maps = predictor.predict(nin.Digits().test.images[:3], maps=True)
        >>> probabilities.shape, maps.shape
        ((3, 10), (3, 4, 4, 10))
    """

    path: Path
    format: str

    def __init__(
        self, source: str | Path | Run, *, image_size: int | None = None, threads: int = 0
    ) -> None:
        if isinstance(source, (str, Path)):
            self.path = expand(source)
            self.format, self._engine = _opened(self.path, image_size, threads)
        else:
            self.path, self.format = source.path, "run"
            self._engine = _of_run(source, image_size)
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


def as_onnx(source: Path, folder: Path) -> Path:
    """An ONNX file that answers as `source` does, to be opened many times without Keras.

    Args:
        source: a run directory or an exported file.
        folder: where to write one if there is none yet.

    Returns:
        `source` itself where it is an exported file, of whatever form.

    Raises:
        ExportError, RunError: see `Predictor`.
    """
    source = expand(source)
    if form_of(source) is not None:
        return source
    if _current_export(source, 1):
        return source / FORMS["onnx"].file
    from nin.shipping.description import describe
    from nin.shipping.formats import write_onnx
    from nin.training import load

    run = load(source)
    path = folder / FORMS["onnx"].file
    write_onnx(run, describe(run), path)
    return path


def fast_predictor(source: Path, threads: int = 0) -> Predictor:
    """A `Predictor` that needs no Keras once it is made, of a run directory as well."""
    with tempfile.TemporaryDirectory() as folder:
        return Predictor(as_onnx(source, Path(folder)), threads=threads)


def ranked(classes: Sequence[str], probabilities: Any, top: int) -> dict[str, Any]:
    """The likeliest classes of one image, ready for JSON: ``label``, ``probability``, ``top``."""
    best = np.argsort(-probabilities, kind="stable")[:top]
    rows = [{"label": classes[i], "probability": float(probabilities[i])} for i in best]
    return {**rows[0], "top": rows}


def _opened(path: Path, image_size: int | None, threads: int) -> tuple[str, Engine]:
    form = form_of(path)
    if form is None and image_size is None and (fresh := _current_export(path, threads)):
        return "onnx", fresh
    if form is None:
        from nin.training import load

        return "run", _of_run(load(path), image_size)
    if image_size is not None:
        raise ExportError(f"{path} takes images at one size only: name the run in its place")
    return form, open_engine(form, path, threads)


def _of_run(run: Run, image_size: int | None) -> Engine:
    from nin.shipping.engines.run import RunEngine

    return RunEngine(run, image_size)


def _current_export(run: Path, threads: int) -> Engine | None:
    """The run's own ONNX file, if it is complete and of the weights that are there now."""
    file, weights = run / FORMS["onnx"].file, run / "weights.safetensors"
    if not (file.is_file() and weights.is_file()):
        return None
    try:
        engine = open_engine("onnx", file, threads)
    except ExportError:
        return None
    description = engine.description
    is_current = description.get("weights_sha256") == weights_sha256(weights)
    return engine if is_current and description.get("complete") is True else None


def _checked(images: Images) -> Images:
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3, 4):
        raise DataError(
            "images must be uint8 of shape (n, height, width, channels) with 1, 3 or 4 channels,"
            f" not {images.dtype} of shape {images.shape}"
        )
    if not images.size:
        raise DataError(f"there is no image in an array of shape {images.shape}")
    return images
