"""LiteRT (``.tflite``) files."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path
from typing import Any

from nin.errors import ExportError
from nin.inference.engines import Answers, Images, require
from nin.inference.metadata import DESCRIPTION_FILE, parse


class LiteRTEngine:
    """A LiteRT interpreter, which answers one call after the other.

    Args:
        path: the file.
        threads: how many may compute one answer; 0 leaves it to LiteRT.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        self.description = parse(_note(path), path)
        require("litert")
        from ai_edge_litert.interpreter import Interpreter

        try:
            self._interpreter: Any = Interpreter(str(path), num_threads=threads or None)
            self._answer = self._interpreter.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            raise ExportError(f"{path} cannot be opened: {error}") from error
        self._lock = threading.Lock()

    def answer(self, images: Images, maps: bool) -> Answers:
        """See `nin.inference.engines.Engine`."""
        with self._lock:
            found = self._answer(images=images)
        return Answers(found["probabilities"], found["maps"] if maps else None)


def open_file(path: Path, threads: int) -> LiteRTEngine:
    """Open a ``.tflite`` file."""
    return LiteRTEngine(path, threads)


def _note(path: Path) -> bytes | None:
    """What is packed behind the network, where LiteRT's own tools keep a model's metadata too."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(DESCRIPTION_FILE)
    except (zipfile.BadZipFile, KeyError, OSError):
        return None
