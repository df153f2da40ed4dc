"""What runs a network: one file a form, all behind `Engine`."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from nin.errors import ExportError
from nin.installing import install_line, pip_install

Images = NDArray[np.uint8]
Floats = NDArray[Any]


class Answers(NamedTuple):
    """What a network says of n images.

    Attributes:
        probabilities: (n, classes).
        maps: (n, height, width, classes), signed; the mean of a map is the class's logit. None
            where they were not asked for.
    """

    probabilities: Floats
    maps: Floats | None


class Engine(Protocol):
    """An opened network.

    Attributes:
        description: what travels with it; see `nin.inference.metadata`.
    """

    description: dict[str, Any]

    def answer(self, images: Images, maps: bool) -> Answers:
        """Answers to images (n, height, width, channels) of any size, with 1, 3 or 4 channels."""


class Form(NamedTuple):
    """A form that a run can leave in.

    Attributes:
        module: of this folder, which opens it.
        file: its usual name in a run directory.
        marker: what in a folder tells it; empty where it is a single file.
        package: what it needs beside this package, and the line that installs it.
    """

    module: str
    file: str
    marker: str
    package: tuple[str, str]


#: Every form that can be opened, by name.
FORMS = {
    "onnx": Form("onnx_engine", "model.onnx", "", ("onnxruntime", pip_install("onnxruntime"))),
    "openvino": Form(
        "openvino_engine", "openvino", "model.xml", ("openvino", install_line("openvino"))
    ),
    "litert": Form("litert_engine", "model.tflite", "", ("ai_edge_litert", install_line("litert"))),
    "savedmodel": Form(
        "savedmodel_engine",
        "savedmodel",
        "saved_model.pb",
        ("tensorflow", pip_install("tensorflow-cpu")),
    ),
}


def form_of(path: Path) -> str | None:
    """Which form `path` is, by its name and what is in it; None for a run directory.

    Raises:
        ExportError: it is missing, or nothing that is known here.
    """
    if not path.exists():
        raise ExportError(f"{path} does not exist")
    if path.is_dir():
        if (path / "run.json").exists():
            return None
        for name, form in FORMS.items():
            if form.marker and (path / form.marker).exists():
                return name
        raise ExportError(f"{path} is neither a run directory nor an exported network")
    for name, form in FORMS.items():
        if not form.marker and path.suffix == Path(form.file).suffix:
            return name
    raise ExportError(
        f"{path} is no exported network: a run directory, .onnx, .tflite, or the folder of an"
        " OpenVINO or SavedModel export is one"
    )


def open_engine(name: str, path: Path, threads: int) -> Engine:
    """Open the exported network at `path`.

    Args:
        name: of `FORMS`.
        path: the file or folder.
        threads: how many may compute one answer; 0 for all cores.

    Raises:
        ExportError: what runs it is not installed, or the file is damaged or not ours.
    """
    module = importlib.import_module(f"nin.inference.engines.{FORMS[name].module}")
    return cast(Callable[..., Engine], module.open_file)(path, threads)


def require(name: str) -> None:
    """Make sure that what runs the form `name` is there.

    Raises:
        ExportError: it is not installed; says what to type.
    """
    package, line = FORMS[name].package
    if importlib.util.find_spec(package) is None:
        raise ExportError(f"{name} needs {package}, which is not installed: {line}")
