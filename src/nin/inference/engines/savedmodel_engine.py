"""TensorFlow's SavedModel, a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nin.errors import ExportError, first_line
from nin.inference.engines import require
from nin.inference.metadata import DESCRIPTION_FILE, EXTRA_FOLDER, parse
from nin.inference.outputs import Images, Predictions, from_outputs


class SavedModelEngine:
    """A SavedModel, run by TensorFlow.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        note = path / EXTRA_FOLDER / DESCRIPTION_FILE
        self.description = parse(note.read_bytes() if note.is_file() else None, path)
        require("savedmodel")
        from nin.backends.tensorflow_formats import load_saved_model

        try:
            self._run: Any = load_saved_model(path)
        except Exception as error:  # whatever the runtime raises for a damaged file
            raise ExportError(f"{path} cannot be opened: {first_line(error)}") from error

    def predict(self, images: Images, maps: bool) -> Predictions:
        """See `nin.inference.engines.Engine`."""
        return from_outputs(self._run(images), maps)


def open_file(path: Path, threads: int) -> SavedModelEngine:
    """Open an exported folder; TensorFlow decides about threads."""
    return SavedModelEngine(path)
