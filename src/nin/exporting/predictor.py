"""`Predictor`: one way to ask a run or any exported file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nin.errors import ExportError
from nin.exporting.on_demand import current_export
from nin.files import expand
from nin.inference import FilePredictor
from nin.inference.engines import Engine, form_of, open_engine

if TYPE_CHECKING:
    from nin.training import Run


class Predictor(FilePredictor):
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

    def __init__(
        self, source: str | Path | Run, *, image_size: int | None = None, threads: int = 0
    ) -> None:
        if isinstance(source, (str, Path)):
            path = expand(source)
            super().__init__(path, opened=_opened(path, image_size, threads))
        else:
            super().__init__(source.path, opened=("run", _of_run(source, image_size)))


def _opened(path: Path, image_size: int | None, threads: int) -> tuple[str, Engine]:
    form = form_of(path)
    if form is None and image_size is None and (fresh := current_export(path, threads)):
        return "onnx", fresh
    if form is None:
        from nin.training import load

        return "run", _of_run(load(path), image_size)
    if image_size is not None:
        raise ExportError(f"{path} takes images at one size only: name the run in its place")
    return form, open_engine(form, path, threads)


def _of_run(run: Run, image_size: int | None) -> Engine:
    from nin.exporting.run_engine import RunEngine

    return RunEngine(run, image_size)
