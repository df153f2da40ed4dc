"""OpenVINO's own format, a folder with ``model.xml`` and ``model.bin``."""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path
from typing import Any

from nin.errors import ExportError
from nin.inference.engines import CONTROL_FLOW, FORMATS, require, unlike_ours
from nin.inference.metadata import KEY, parse
from nin.inference.outputs import Images, Predictions, from_outputs

_importing = threading.Lock()

_CONTROL_FLOW = ("If", "Loop", "TensorIterator")


class OpenVinoEngine:
    """A model that OpenVINO has compiled for the CPU.

    Args:
        path: the folder.
        threads: number of threads per batch; 0 for all cores.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        runtime = openvino()
        core = runtime.Core()
        try:
            model = core.read_model(path / FORMATS["openvino"].marker)
            self.description = parse(_description_in(model), path)
            kinds = {operation.get_type_name() for operation in model.get_ops()}
            if not kinds.isdisjoint(_CONTROL_FLOW):
                raise unlike_ours(path, CONTROL_FLOW)
            options: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads} if threads else {}
            # On some processors, OpenVINO would compute in bfloat16 by default.
            options |= {"INFERENCE_PRECISION_HINT": "f32"}
            self.compiled = core.compile_model(model, "CPU", options)
        except ExportError:
            raise
        except Exception as error:  # whatever the runtime raises for a damaged file
            reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            raise ExportError(f"{path} cannot be opened: {reason}") from error

    def predict(self, images: Images, maps: bool) -> Predictions:
        """See `nin.inference.engines.Engine`."""
        found: Any = self.compiled.create_infer_request().infer({"images": images})
        return from_outputs(found, maps)


def open_file(path: Path, threads: int) -> OpenVinoEngine:
    """Open an exported folder."""
    return OpenVinoEngine(path, threads)


def openvino() -> Any:
    """The package, imported without the report that importing it sends to its makers.

    It sends none if `openvino_telemetry` is not installed: while the import runs, that cannot be
    imported.

    Raises:
        ExportError: it is not installed.
    """
    require("openvino")
    with _importing:  # A module is in `sys.modules` before it is fully loaded.
        if "openvino" not in sys.modules:
            reporter = "openvino_telemetry"
            sys.modules[reporter] = None  # type: ignore[assignment]
            try:
                importlib.import_module("openvino")
            finally:
                del sys.modules[reporter]
        return sys.modules["openvino"]


def _description_in(model: Any) -> str | None:
    return str(model.get_rt_info([KEY]).value) if model.has_rt_info([KEY]) else None
