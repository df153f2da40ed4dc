"""LiteRT (``.tflite``) files."""

from __future__ import annotations

import os
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from nin.errors import ExportError
from nin.inference.engines import CONTROL_FLOW, require, unlike_ours
from nin.inference.metadata import DESCRIPTION_FILE, MOST_BYTES, parse
from nin.inference.outputs import Images, Predictions, from_outputs

#: The file descriptor of standard error.
_STDERR = 2
#: The beginning of LiteRT's note about a faster way to compute.
_NOTE = b"INFO: Created TensorFlow Lite "


class LiteRTEngine:
    """A LiteRT interpreter, which runs one call at a time.

    Args:
        path: the file.
        threads: number of threads per batch; 0 leaves it to LiteRT.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        self.description = parse(_description_in(path), path)
        require("litert")
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter: Any = Interpreter(str(path), num_threads=threads or None)
            if self._interpreter.num_subgraphs() > 1:
                raise unlike_ours(path, CONTROL_FLOW)
            self._run = self._interpreter.get_signature_runner()
            self._quantization = {
                name: each["quantization"] for name, each in self._run.get_output_details().items()
            }
        except (ValueError, RuntimeError) as error:
            raise ExportError(f"{path} cannot be opened: {error}") from error
        self._lock = threading.Lock()
        self._has_run = False

    def predict(self, images: Images, maps: bool) -> Predictions:
        """See `nin.inference.engines.Engine`."""
        with self._lock, nullcontext() if self._has_run else _without_note():
            outputs = self._run(images=images)
            self._has_run = True
        floats = {name: _floats(value, self._quantization[name]) for name, value in outputs.items()}
        found = from_outputs(floats, maps)
        is_rounded = outputs["probabilities"].dtype.kind in "iu"
        return found._replace(probabilities=shares(found.probabilities)) if is_rounded else found


def open_file(path: Path, threads: int) -> LiteRTEngine:
    """Open a ``.tflite`` file."""
    return LiteRTEngine(path, threads)


def _floats(values: Any, quantization: tuple[float, int]) -> Any:
    """The floats that whole numbers stand for; floats as they are."""
    if values.dtype.kind not in "iu":
        return values
    scale, zero = quantization
    return (values.astype(np.float32) - zero) * np.float32(scale)


def shares(rounded: Any) -> Any:
    """Scale probabilities (n, classes) that were rounded one by one, to add up to 1 again."""
    total = rounded.sum(axis=1, keepdims=True)
    alike = np.full_like(rounded, 1 / rounded.shape[1])  # where all were rounded to 0
    return np.divide(rounded, total, out=alike, where=total != 0)


@contextmanager
def _without_note() -> Iterator[None]:
    """Keep LiteRT's note when it first computes, and nothing else, off standard error.

    It writes to the file descriptor itself, and no setting of its Python package prevents it.
    """
    try:
        meanwhile = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    except OSError:  # no folder can be written: better a note than no prediction
        yield
        return
    with meanwhile:
        try:
            original = os.dup(_STDERR)
        except OSError:  # there is no standard error
            yield
            return
        os.dup2(meanwhile.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(original, _STDERR)
            os.close(original)
            meanwhile.seek(0)
            for line in meanwhile:
                if not line.startswith(_NOTE):
                    os.write(_STDERR, line)


def _description_in(path: Path) -> bytes | None:
    """What is appended to the network, where LiteRT's own tools keep a model's metadata, too."""
    try:
        content = path.open("rb")
    except OSError as error:
        raise ExportError(f"{path} cannot be opened: {error.strerror}") from error
    try:
        with content, zipfile.ZipFile(content) as archive, archive.open(DESCRIPTION_FILE) as file:
            return file.read(MOST_BYTES + 1)  # One more than `parse` takes, however large it is.
    except Exception:  # noqa: BLE001  # whatever a damaged archive raises
        return None
