"""Exported formats and their runtimes: one file per format, all behind `Engine`."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

from nin.errors import Advice, Argument, ExportError
from nin.files import did_you_mean
from nin.inference.outputs import Images, Predictions
from nin.installing import install_line, pip_install


class Engine(Protocol):
    """An opened network.

    Attributes:
        description: what was exported with it; see `nin.inference.metadata`.
    """

    description: dict[str, Any]

    def predict(self, images: Images, maps: bool) -> Predictions:
        """Predict for images in the form of the description; see `InputSpec`."""


class Format(NamedTuple):
    """A format that a run can be exported to.

    Attributes:
        module: the module of this package that opens it.
        file: its usual name in a run directory.
        marker: a file by which a folder of this format is recognised; empty for a single file.
        package: the runtime's package, and the line that installs it.
        executes: whether a file of this format can execute arbitrary code.
    """

    module: str
    file: str
    marker: str
    package: tuple[str, str]
    executes: bool = False


#: Every format that can be opened, by name.
FORMATS = {
    "onnx": Format("onnx_engine", "model.onnx", "", ("onnxruntime", pip_install("onnxruntime"))),
    "openvino": Format(
        "openvino_engine", "openvino", "model.xml", ("openvino", install_line("openvino"))
    ),
    "litert": Format(
        "litert_engine", "model.tflite", "", ("ai_edge_litert", install_line("litert"))
    ),
    "savedmodel": Format(
        "savedmodel_engine",
        "savedmodel",
        "saved_model.pb",
        ("tensorflow", pip_install("tensorflow-cpu")),
        executes=True,
    ),
}

#: A reason not to open a file: there would be no limit to how long it computes.
CONTROL_FLOW = "it has control flow, such as loops"


#: Files in the folder of a web page, as ``nin export --to web`` writes it.
_WEB = (FORMATS["onnx"].file, "model.json", "index.html")


def format_of(path: Path) -> str | None:
    """The format of `path`, by its name and content; None for a run directory.

    The folder of a web page is ``"onnx"``, which is the format of the network in it.

    Raises:
        ExportError: it is missing, or of an unknown format.
    """
    if not path.exists():
        raise ExportError(f"{path} does not exist{did_you_mean(path, Path('runs'))}")
    if path.is_dir():
        if (path / "run.json").exists():
            return None
        for name, each in FORMATS.items():
            if each.marker and (path / each.marker).exists():
                return name
        if all((path / name).is_file() for name in _WEB):
            return "onnx"
        raise ExportError(f"{path} is neither a run directory nor an exported network")
    for name, each in FORMATS.items():
        if path.is_file() and not each.marker and path.suffix == Path(each.file).suffix:
            return name
    raise ExportError(
        f"{path} is not an exported network: expected a run directory, .onnx, .tflite, or the"
        " folder of an OpenVINO, SavedModel or web export"
    )


def open_engine(name: str, path: Path, threads: int, trust: bool = False) -> Engine:
    """Open the exported network at `path`.

    Args:
        name: a key of `FORMATS`.
        path: the file or folder.
        threads: number of threads per batch; 0 for all cores.
        trust: whether to open a format that can execute arbitrary code.

    Raises:
        ExportError: its runtime is not installed, or the file is damaged, not an export, or of a
            format that is not trusted.
    """
    if FORMATS[name].executes and not trust:
        raise ExportError(
            f"{path} is a SavedModel, which can read and write any of your files when it is run",
            Advice("if you trust whoever made it, give {}", Argument("trust", True)),
        )
    module = importlib.import_module(f"nin.inference.engines.{FORMATS[name].module}")
    return cast(Callable[..., Engine], module.open_file)(path, threads)


def unlike_ours(path: Path, problem: str) -> ExportError:
    """The error for a file that does what no export of this package does."""
    return ExportError(f"{path} was not written by nin export: {problem}")


def require(name: str) -> None:
    """Make sure that the runtime of a format is installed.

    Raises:
        ExportError: it is not installed; the message holds the command that installs it.
    """
    package, line = FORMATS[name].package
    if importlib.util.find_spec(package) is None:
        raise ExportError(f"{name} needs {package}, which is not installed: {line}")
