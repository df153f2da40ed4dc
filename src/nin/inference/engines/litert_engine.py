"""LiteRT (``.tflite``) files."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path
from typing import Any

from nin.errors import ExportError
from nin.inference.engines import Images, Predictions, require
from nin.inference.metadata import DESCRIPTION_FILE, parse


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
            self._interpreter: Any = Interpreter(str(path), num_threads=threads or None)
            self._run = self._interpreter.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            raise ExportError(f"{path} cannot be opened: {error}") from error
        self._lock = threading.Lock()

    def predict(self, images: Images, maps: bool) -> Predictions:
        """See `nin.inference.engines.Engine`."""
        with self._lock:
            found = self._run(images=images)
        return Predictions(found["probabilities"], found["maps"] if maps else None)


def open_file(path: Path, threads: int) -> LiteRTEngine:
    """Open a ``.tflite`` file."""
    return LiteRTEngine(path, threads)


def _description_in(path: Path) -> bytes | None:
    """What is packed behind the network, where LiteRT's own tools keep a model's metadata too."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(DESCRIPTION_FILE)
    except (zipfile.BadZipFile, KeyError, OSError):
        return None
