"""An exported file of a run: its own if that is up to date, or one made on demand."""

from __future__ import annotations

import os
import shlex
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nin.errors import ExportError
from nin.exporting.describe import describe, weights_sha256
from nin.exporting.export_input import check_square
from nin.files import expand
from nin.inference.engines import FORMATS, Engine, format_of, open_engine
from nin.orphans import exit_with_parent

if TYPE_CHECKING:
    from nin.training import Run


#: The largest difference of a probability that rounding explains.
_ALIKE = 1e-3


def current_export(run: Path, threads: int) -> Engine | None:
    """The run's own ONNX file, if it is complete and has the run's present weights.

    Args:
        run: the run directory.
        threads: number of threads per batch; 0 for all cores.
    """
    file, weights = run / FORMATS["onnx"].file, run / "weights.safetensors"
    if not (file.is_file() and weights.is_file()):
        return None
    try:
        engine = open_engine("onnx", file, threads)
    except ExportError:
        return None
    description = engine.description
    is_current = description.get("weights_sha256") == weights_sha256(weights)
    return engine if is_current and description.get("complete") is True else None


def as_onnx(source: Path, folder: Path, *, trust: bool = False) -> Path:
    """An ONNX file that predicts as `source` does, to be opened many times without Keras.

    Args:
        source: a run directory or an exported file.
        folder: where to write the file if there is none yet.
        trust: whether to run the code of a custom network.

    Returns:
        The file: `source` itself if it is an exported file of any format.

    Raises:
        ExportError, RunError: see `Predictor`; or the file would not predict as the run does.
    """
    source = expand(source)
    if format_of(source) is not None:
        return source
    if current_export(source, 1):
        return source / FORMATS["onnx"].file
    from nin.exporting.formats import write_onnx
    from nin.training import load

    run = load(source, trust=trust)
    if run.model.whole_net() is None:
        raise ExportError(
            f"{source} computes by a forward or a call of its own",
            "export it first, which compares the file with it:"
            f" nin export {shlex.quote(str(source))}",
        )
    check_square(run)
    path = folder / FORMATS["onnx"].file
    write_onnx(run, describe(run), path)
    if not predicts_alike(open_engine("onnx", path, 1), run):
        path.unlink()
        raise ExportError(f"{source}: as ONNX it does not predict what it predicts here")
    return path


def predicts_alike(engine: Engine, run: Run) -> bool:
    """Whether an engine predicts as a run does, for a few images."""
    images = np.random.default_rng(0).integers(0, 256, (2, *run.input_shape), np.uint8)
    found = engine.predict(images, maps=False).probabilities
    return np.allclose(found, run.predict(images), atol=_ALIKE)


def kept_export(source: Path) -> Path:
    """An existing exported file that workers elsewhere can open without Keras.

    Args:
        source: an exported file, or a run directory with an ONNX file of its weights.

    Raises:
        ExportError: there is none, or it needs TensorFlow.
    """
    source = expand(source)
    name = format_of(source)
    if name is None and not current_export(source, 1):
        raise ExportError(
            f"{source} has no ONNX file of its weights, from which workers predict:"
            f" nin export {shlex.quote(str(source))} writes it"
        )
    if name is not None and FORMATS[name].executes:
        raise ExportError(
            f"{source} needs TensorFlow, which workers do not load: give an ONNX file"
        )
    return source if name is not None else source / FORMATS["onnx"].file


@contextmanager
def exported_file(source: Path, *, trust: bool = False) -> Iterator[Path]:
    """An exported file that predicts as `source` does; one made on demand is deleted afterwards.

    A separate process makes it and ends, which frees the half gigabyte that Keras and its framework
    take.

    Args:
        source: a run directory or an exported file.
        trust: whether to run the code of a custom network.

    Raises:
        ExportError, RunError: there is no network at that path.
    """
    source = expand(source)
    if format_of(source) is not None:
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="nin-serve-") as folder:
        yield _made_elsewhere(source, Path(folder), trust)


def _made_elsewhere(source: Path, folder: Path, trust: bool) -> Path:
    context, ours = get_context("spawn"), (os.getpid(),)
    with ProcessPoolExecutor(1, context, initializer=_begin, initargs=ours) as pool:
        try:
            return pool.submit(as_onnx, source, folder, trust=trust).result()
        except BrokenProcessPool as error:
            raise ExportError(
                f"{source} cannot be served: the process that exports it to ONNX crashed;"
                f" nin export {shlex.quote(str(source))} may show why"
            ) from error


def _begin(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it at once, without a traceback.
    exit_with_parent(parent)
