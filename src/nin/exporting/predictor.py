"""`Predictor`: predictions from a run or an exported file, by Keras or the file's runtime."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sized
from copy import copy
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nin.backends import num_gpus
from nin.data.decoding.image_arrays import fitted_images
from nin.errors import Argument, ExportError
from nin.exporting.describe import describe
from nin.exporting.on_demand import current_export, predicts_alike
from nin.files import expand
from nin.inference import FilePredictor
from nin.inference.engines import FORMATS, Engine, format_of, open_engine
from nin.inference.outputs import Images, Predictions

if TYPE_CHECKING:
    from nin.training import Run

#: From this many files on, ONNX Runtime saves more time on a CPU than writing its file takes.
MANY = 500


class Predictor(FilePredictor):
    """Predictions from a run directory or an exported file.

    For an ONNX file neither Keras nor a framework is imported. In a run directory, a ``model.onnx``
    that is up to date, as ``nin export RUN`` writes it, is used. Without one, Keras predicts; or,
    for many files and without a GPU, ONNX Runtime does, from a temporary file.

    Args:
        source: a run directory, an ``.onnx`` or ``.tflite`` file, the folder of an OpenVINO or
            SavedModel export, or an opened `nin.Run`.
        image_size: side in pixels to resize images to, in place of the one trained with: more
            pixels make larger class maps. For runs only.
        threads: number of threads per batch; 0 for all cores. For ONNX, OpenVINO and LiteRT.
        trust: whether to open a SavedModel, or import the file of a run's custom network: the code
            of either can do anything that you can.

    Attributes:
        path: what was opened.
        format: ``"run"``, ``"onnx"``, ``"openvino"``, ``"litert"`` or ``"savedmodel"``.
        description: what was exported with the network: classes, shape, provenance. Plain JSON.

    Raises:
        ExportError: it is not an exported network, it is damaged, its runtime is not installed, or
            it is a SavedModel that is not trusted.
        RunError: it is a damaged run directory.

    Example:
        >>> predictor = nin.Predictor("runs/digits-1")
        >>> probabilities, maps = predictor.predict(nin.Digits().test.images[:3], maps=True)
        >>> probabilities.shape, maps.shape
        ((3, 10), (3, 4, 4, 10))
    """

    def __init__(
        self,
        source: str | Path | Run,
        *,
        image_size: int | None = None,
        threads: int = 0,
        trust: bool = False,
    ) -> None:
        self._threads = threads
        if isinstance(source, (str, Path)):
            path = expand(source)
            super().__init__(path, opened=_opened(path, image_size, threads, trust))
        else:
            super().__init__(source.path, opened=("run", RunEngine(source, image_size)))

    def predict_files(
        self,
        paths: Iterable[str | Path],
        top: int = 1,
        *,
        min_probability: float = 0.0,
        errors: Literal["raise", "yield"] = "raise",
    ) -> Iterator[dict[str, Any]]:
        """Predictions for files; see `FilePredictor.predict_files`."""
        one = self
        if isinstance(paths, Sized) and len(paths) >= MANY and isinstance(self._engine, RunEngine):
            # For this call alone: the network's weights may have changed by the next.
            one = copy(self)
            one._engine = self._engine.for_many(self._threads)
        return FilePredictor.predict_files(
            one, paths, top, min_probability=min_probability, errors=errors
        )


class RunEngine:
    """An `Engine` for a run directory, with Keras.

    Args:
        run: a trained run.
        image_size: side in pixels to resize images to, in place of the one trained with.

    Raises:
        ExportError: the network has dense layers, or a call of its own, for another size.
        InputSizeError: `image_size` is too small for the network.
    """

    def __init__(self, run: Run, image_size: int | None = None) -> None:
        self.run, self.image_size = run, image_size
        self.description: dict[str, Any] = describe(run)
        if image_size is not None:
            from nin.exporting.export_input import check_size, native_size
            from nin.models.geometry import is_builtin

            image_size = self.image_size = index(image_size)
            height, _, channels = run.input_shape
            if not is_builtin(type(run.model).call):
                if not image_size == native_size(run) == height:
                    why = "has a call of its own, for images of its own size"
                    raise ExportError(f"{run.path} {why}")
                self.image_size = None  # Predict by that call, then.
            check_size(run, Argument("image_size", image_size))
            self.description["input_shape"] = [image_size, image_size, channels]

    def predict(self, images: Images, maps: bool) -> Predictions:
        """See `nin.inference.engines.Engine`."""
        from keras import ops

        from nin.models.module import Module
        from nin.training.runs.evaluation import softmax

        height, width, channels = self.description["input_shape"]
        resized = fitted_images(images, (height, width, channels), self.run.resize_mode)
        if not maps and self.image_size is None:
            return Predictions(self.run.predict(resized), None)
        model = self.run.model
        if not self.description["maps"]:
            standardised = model.preprocessing.at(height)(ops.convert_to_tensor(resized))
            # Without the model's own resizing to another size, but with its own forward, if any.
            logits = ops.convert_to_numpy(Module.call(model, standardised, training=False))
            return Predictions(softmax(logits), None)
        found = ops.convert_to_numpy(model.class_maps(resized, self.image_size))
        return Predictions(softmax(found.mean(axis=(1, 2))), found if maps else None)

    def for_many(self, threads: int) -> Engine:
        """The engine for many images: ONNX Runtime, except with a GPU or another image size."""
        if self.image_size is not None or num_gpus() or self.run.model.whole_net() is None:
            return self
        from nin.exporting.formats import write_onnx

        try:
            with tempfile.TemporaryDirectory(prefix="nin-predict-") as folder:
                path = Path(folder) / FORMATS["onnx"].file
                write_onnx(self.run, self.description, path)
                engine = open_engine("onnx", path, threads)
                return engine if predicts_alike(engine, self.run) else self
        except Exception:  # noqa: BLE001  # Whatever is custom, ONNX lacks, or cannot be written.
            return self


def _opened(path: Path, image_size: int | None, threads: int, trust: bool) -> tuple[str, Engine]:
    name = format_of(path)
    if name is None and image_size is None and (fresh := current_export(path, threads)):
        return "onnx", fresh
    if name is None:
        from nin.training import load

        return "run", RunEngine(load(path, trust=trust), image_size)
    if image_size is not None:
        raise ExportError(f"{path} takes images of one size only: give the run directory instead")
    return name, open_engine(name, path, threads, trust)
