"""ONNX files, run by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nin.errors import ExportError, first_line
from nin.inference.engines import FORMATS, Images, Predictions, require
from nin.inference.metadata import KEY, parse


class OnnxEngine:
    """An ONNX Runtime session; several threads may use it at once.

    Args:
        path: the file.
        threads: how many may compute one batch; 0 for all cores.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        require("onnx")
        import onnxruntime as runtime

        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Threads that wait in a busy loop take the cores from those that decode.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self.session = runtime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # whatever the runtime raises for a damaged file
            raise ExportError(f"{path} cannot be opened: {first_line(error)}") from error
        metadata = self.session.get_modelmeta().custom_metadata_map
        self.description = parse(metadata.get(KEY), path)
        self._check(path)

    def _check(self, path: Path) -> None:
        outputs = {output.name: output.shape for output in self.session.get_outputs()}
        classes = len(self.description["classes"])
        if outputs.get("probabilities", [None])[-1] != classes:
            raise ExportError(f"{path} is damaged: it describes {classes} classes and has others")
        if self.description["maps"] and "maps" not in outputs:
            raise ExportError(f"{path} is damaged: it describes class maps and has none")

    def predict(self, images: Images, maps: bool) -> Predictions:
        """See `nin.inference.engines.Engine`."""
        names = ["probabilities", "maps"] if maps else ["probabilities"]
        found: list[Any] = self.session.run(names, {"images": images})
        return Predictions(found[0], found[1] if maps else None)


def open_file(path: Path, threads: int) -> OnnxEngine:
    """Open an ``.onnx`` file, or the one in the folder of a web page."""
    return OnnxEngine(path / FORMATS["onnx"].file if path.is_dir() else path, threads)
