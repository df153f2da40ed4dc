"""LiteRT (``.tflite``) files."""

from __future__ import annotations

import os
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nin.errors import ExportError
from nin.inference.engines import CONTROL_FLOW, Images, Predictions, require, unlike_ours
from nin.inference.metadata import DESCRIPTION_FILE, MOST_BYTES, parse
from nin.inference.outputs import from_outputs

#: The file descriptor of standard error.
_STDERR = 2


class LiteRTEngine:
    """A LiteRT interpreter, which runs one call at a time.

    Args:
        path: the file.
        threads: how many may compute one batch; 0 leaves it to LiteRT.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        self.description = parse(_description_in(path), path)
        require("litert")
        from ai_edge_litert.interpreter import Interpreter

        try:
            with _without_notes():
                self._interpreter: Any = Interpreter(str(path), num_threads=threads or None)
                if self._interpreter.num_subgraphs() > 1:
                    raise unlike_ours(path, CONTROL_FLOW)
                self._run = self._interpreter.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            raise ExportError(f"{path} cannot be opened: {error}") from error
        self._lock = threading.Lock()

    def predict(self, images: Images, maps: bool) -> Predictions:
        """See `nin.inference.engines.Engine`."""
        with self._lock:
            found = self._run(images=images)
        return from_outputs(found, maps)


def open_file(path: Path, threads: int) -> LiteRTEngine:
    """Open a ``.tflite`` file."""
    return LiteRTEngine(path, threads)


@contextmanager
def _without_notes() -> Iterator[None]:
    """Keep from standard error what LiteRT notes there, line by line, and nothing else.

    It writes to the file descriptor itself, and no setting of its Python package tells it not to.
    """
    try:
        original = os.dup(_STDERR)
    except OSError:  # there is no standard error
        yield
        return
    with tempfile.TemporaryFile() as meanwhile:
        os.dup2(meanwhile.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(original, _STDERR)
            os.close(original)
            meanwhile.seek(0)
            for line in meanwhile:
                if not line.startswith(b"INFO: "):
                    os.write(_STDERR, line)


def _description_in(path: Path) -> bytes | None:
    """What is packed behind the network, where LiteRT's own tools keep a model's metadata too."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(DESCRIPTION_FILE) as file:
            return file.read(MOST_BYTES + 1)  # One more than `parse` takes, however it was packed.
    except Exception:  # noqa: BLE001  # whatever a damaged archive raises
        return None
