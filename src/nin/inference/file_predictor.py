"""`FilePredictor`: predictions from an exported file of any format."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nin.data.decoding.decode import ResizeMode, decode
from nin.data.decoding.image_arrays import check_images
from nin.data.storage.picture_store import threads_to_read
from nin.errors import Argument, DataError, EngineError, ExportError, NinError, first_line
from nin.files import expand
from nin.inference.engines import Engine, format_of, open_engine
from nin.inference.input_spec import InputSpec
from nin.inference.outputs import Images, Predictions, check_predictions
from nin.inference.read_ahead import THREADS, batch_size, decoded_batches

#: Most images per batch, and the most pixels that they may have together.
BATCH, BATCH_PIXELS = 64, 4 * 288**2

#: The label if no class is likely enough.
UNSURE = "unsure"


class FilePredictor:
    """Predictions from an exported file; `nin.Predictor` opens run directories as well.

    For an ONNX file neither Keras nor a framework is imported.

    Args:
        source: an ``.onnx`` or ``.tflite`` file, or the folder of an OpenVINO or SavedModel export.
        threads: number of threads per batch; 0 for all cores. For ONNX, OpenVINO and LiteRT.
        trust: whether to open a SavedModel, which can do anything that you can when it is run.
        opened: a format, and an engine that has already opened `source`; None to open it.

    Attributes:
        path: what was opened.
        format: ``"onnx"``, ``"openvino"``, ``"litert"`` or ``"savedmodel"``.
        description: what was exported with the network: classes, shape, provenance. Plain JSON.

    Raises:
        ExportError: it is not an exported network, it is damaged, its runtime is not installed, or
            it is a SavedModel that is not trusted.
    """

    path: Path
    format: str

    def __init__(
        self,
        source: str | Path,
        *,
        threads: int = 0,
        trust: bool = False,
        opened: tuple[str, Engine] | None = None,
    ) -> None:
        self.path = expand(source)
        self.format, self._engine = opened or _opened(self.path, threads, trust)
        self.description = self._engine.description

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the probabilities."""
        return tuple(self.description["classes"])

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) that images are resized to."""
        height, width, channels = self.description["input_shape"]
        return height, width, channels

    @property
    def resize_mode(self) -> ResizeMode:
        """How images are resized: the whole image, ``"squash"``, or its centre, ``"crop"``."""
        resize_mode: ResizeMode = self.description.get("fit", "squash")
        return resize_mode

    @property
    def bit_depth(self) -> int | None:
        """Bits of the range of values if a file does not say; None: as many as each file needs."""
        bits: int | None = self.description.get("bit_depth")
        return bits

    @property
    def has_maps(self) -> bool:
        """Whether the network has class maps."""
        return bool(self.description["maps"])

    @property
    def decoder(self) -> Callable[..., Images]:
        """`nin.data.decoding.decode` with this network's settings; it can be sent to a process."""
        height, width, channels = self.input_shape
        if height != width:
            raise ExportError(
                f"{self.path} was trained on arrays of {height}x{width}, and picture files become"
                " squares: give predict() arrays of that shape"
            )
        return partial(
            decode,
            size=height,
            channels=channels,
            resize_mode=self.resize_mode,
            bit_depth=self.bit_depth,
        )

    def read(self, source: str | Path | bytes) -> Images:
        """Decode an image file as for training; see `nin.data.decoding.decode.decode`.

        Args:
            source: a path, or the file's content.

        Returns:
            uint8 of `input_shape`.

        Raises:
            DataError: it cannot be read.
        """
        return self.decoder(source)

    def predict(self, images: Any, maps: bool = False) -> Predictions:
        """Classify images, and compute their class maps on request.

        Args:
            images: (n, height, width, channels), uint8, of any size; grey, RGB or RGBA. They are
                resized to `input_shape` by `resize_mode`.
            maps: whether to compute the class maps.

        Returns:
            `Predictions`: ``probabilities`` (n, classes), and ``maps`` (n, height, width, classes).

        Raises:
            DataError: the images have another shape or type.
            ExportError: class maps are requested of a network that has none, or it does not return
                valid probabilities or class maps; see `nin.inference.outputs`.
            EngineError: its runtime fails to compute.
        """
        images = np.asarray(images)
        check_images(images)
        if maps and not self.has_maps:
            raise ExportError(f"{self.path} has no class maps")
        pixels = max(math.prod(images.shape[1:3]), math.prod(self.input_shape[:2]))
        size = batch_size(pixels, BATCH, BATCH_PIXELS)
        parts = [
            self._predict(images[first : first + size], maps)
            for first in range(0, len(images), size)
        ]
        probabilities = np.concatenate([part.probabilities for part in parts])
        found = [part.maps for part in parts if part.maps is not None]
        return Predictions(probabilities, np.concatenate(found) if maps else None)

    def _predict(self, images: Images, maps: bool) -> Predictions:
        try:
            found = self._outputs(images, maps)
            check_predictions(found, len(images), len(self.classes))
        except ExportError as error:
            raise ExportError(f"{self.path}: {error}") from error
        except NinError:
            raise
        except Exception as error:  # whatever the runtime raises
            raise EngineError(f"{self.path} cannot predict: {first_line(error)}") from error
        return found

    def _outputs(self, images: Images, maps: bool) -> Predictions:
        form = InputSpec.of(self.description)
        if form is None:
            return self._engine.predict(images, maps)
        return form.predict(self._engine.predict, images, maps, self.resize_mode)

    def predict_files(
        self,
        paths: Iterable[str | Path],
        top: int = 1,
        *,
        min_probability: float = 0.0,
        errors: Literal["raise", "yield"] = "raise",
    ) -> Iterator[dict[str, Any]]:
        """Classify files, in their order; threads decode them, in bounded memory.

        Args:
            paths: picture files, of any format that `nin.data.decoding.decode.decode` reads.
            top: how many of the likeliest classes to name.
            min_probability: if no class is at least this likely, the label is ``"unsure"``.
            errors: what to do if a file cannot be read: ``"raise"``, or ``"yield"`` a row with the
                reason.

        Yields:
            ``file``, ``label``, ``probability``, and ``top``: a list of ``label``, ``probability``.
            For a file that cannot be read, ``file`` and ``error``, the reason.

        Raises:
            DataError: an argument is out of range; or a file cannot be read, after the results of
                the whole batches before it have been yielded.
            ExportError: the network does not return valid probabilities.
        """
        if top < 1:
            raise DataError("give 1 or more", about=Argument("top", top))
        if not 0 <= min_probability <= 1:
            wrong = Argument("min_probability", f"{min_probability:g}")
            raise DataError("give a number from 0 to 1", about=wrong)
        size = batch_size(math.prod(self.input_shape[:2]), BATCH, BATCH_PIXELS)
        threads = threads_to_read(paths, THREADS) if isinstance(paths, Sequence) else THREADS
        for batch in decoded_batches(paths, self.read, size, threads):
            faults = [picture.error for _, picture in batch if picture.error]
            if faults and errors == "raise":
                raise faults[0]
            images = [picture.image for _, picture in batch if picture.image is not None]
            found = iter(self.predict(np.stack(images)).probabilities if images else ())
            for path, (_, fault) in batch:
                if fault is not None:
                    yield {"file": str(path), "error": str(fault).removeprefix(f"{path}: ")}
                else:
                    prediction = ranked(self.classes, next(found), top, min_probability)
                    yield {"file": str(path), **prediction}

    def __repr__(self) -> str:
        return f"<Predictor {self.path} ({self.format}, {len(self.classes)} classes)>"


def ranked(
    classes: Sequence[str], probabilities: Any, top: int, min_probability: float = 0.0
) -> dict[str, Any]:
    """The likeliest classes of one image, for JSON: ``label``, ``probability``, ``top``."""
    best = np.argsort(-probabilities, kind="stable")[:top]
    rows = [{"label": classes[i], "probability": float(probabilities[i])} for i in best]
    label = rows[0]["label"] if rows[0]["probability"] >= min_probability else UNSURE
    return {**rows[0], "label": label, "top": rows}


def _opened(path: Path, threads: int, trust: bool) -> tuple[str, Engine]:
    name = format_of(path)
    if name is None:
        way = f"export it first, by nin export {shlex.quote(str(path))}"
        raise ExportError(f"{path} is a run directory", way)
    return name, open_engine(name, path, threads, trust)
