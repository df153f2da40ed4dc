"""`export`: a run in a format that other programs run, checked to predict the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nin.errors import Advice, Argument, ExportError, UnknownNameError
from nin.exporting import parity, quantization
from nin.exporting.describe import describe
from nin.exporting.formats import WRITERS
from nin.exporting.parity import Parity
from nin.exporting.predictor import Predictor
from nin.exporting.quantization import Quantization
from nin.exporting.web import PAGE, export_web
from nin.files import expand, replacing_path
from nin.inference import FilePredictor
from nin.inference.engines import FORMATS, open_engine, require
from nin.inference.metadata import DESCRIPTION_FILE, EXTRA_FOLDER, parse

if TYPE_CHECKING:
    from nin.training import Run

#: Formats that are, or hold, an ONNX file, and can be quantised.
_QUANTIZABLE = ("onnx", "web")


#: What an exported folder holds.
_CONTENTS = {
    "openvino": {"model.xml", "model.bin"},
    "savedmodel": {"assets", "assets.extra", "variables", "saved_model.pb", "fingerprint.pb"},
    "web": {"model.onnx", "model.json", "onnxruntime", *(file.name for file in PAGE.iterdir())},
}

#: Where the description is in a folder that is not opened to be recognised.
_DESCRIBED_IN = {"web": "model.json", "savedmodel": f"{EXTRA_FOLDER}/{DESCRIPTION_FILE}"}


class Export(NamedTuple):
    """The result of `export`.

    Attributes:
        path: the file or folder.
        format: its name, as in `export`'s ``to``.
        bytes: its size.
        parity: how its predictions agree with the run's; for int8, those of the float32 file.
        quantization: what eight bits cost and gain; None without them.
        other: the name of other data than the run's own that both were compared on; None if it was
            the run's own.
    """

    path: Path
    format: str
    bytes: int
    parity: Parity
    quantization: Quantization | None
    other: str | None = None


def export(
    run: Run,
    to: str = "onnx",
    out: str | Path | None = None,
    *,
    maps: bool | None = None,
    quantize: str | None = None,
    data: str | None = None,
    runtime: str | Path | None = None,
) -> Export:
    """Write a run in a format that other programs run, and check that it predicts the same.

    What is written takes ``images``, (n, height, width, channels) uint8, of any number, height and
    width, grey, RGB or RGBA; resizing and standardising are part of it. It returns
    ``probabilities``, (n, classes), and ``maps``, (n, map height, map width, classes). Classes and
    provenance are stored with it.

    Args:
        run: a trained run.
        to: ``"onnx"``, the same file from every backend; ``"openvino"``; ``"litert"`` and
            ``"savedmodel"``, on the TensorFlow backend; or ``"web"``: a folder with a page that
            runs the network in the browser.
        out: the file or folder; None for one of the usual name in the run directory. What is there
            already is replaced if it is an export of the same format.
        maps: whether the class maps go along; None: where the network has them.
        quantize: ``"int8"`` for eight-bit whole numbers, calibrated on training images, none of
            which is among those that it is judged by; of ONNX and the web page.
        data: other data to check on, a named data set or a folder, whose classes are among the
            run's; None for the run's own that it was not trained on.
        runtime: for ``"web"``: a downloaded onnxruntime-web, a folder or a ``.tgz``; None to get it
            with npm.

    Raises:
        ExportError: it cannot be written in this format, or does not predict as the run does;
            then nothing is left behind.
        UnknownNameError: there is no such format or quantisation.

    Example:
        >>> done = nin.export(nin.load("runs/digits-1"))
        >>> done.path.name, done.format
        ('model.onnx', 'onnx')
    """
    target = _target(run, to, out, quantize, runtime)
    description = describe(run, maps=maps)
    judged = parity.judged_images(run, data)
    images = parity.some_images(judged.split)
    with replacing_path(target) as path, tempfile.TemporaryDirectory() as folder:
        core = path if to != "web" and not quantize else Path(folder) / FORMATS["onnx"].file
        WRITERS[to if to in WRITERS else "onnx"](run, description, core)
        found = parity.compare(Predictor(run), FilePredictor(core, trust=True), images)
        if not found.holds:
            raise ExportError(_broken(to, found))
        cost = None
        if quantize:
            small = path if to == "onnx" else core.with_name("small.onnx")
            core, cost = _in_eight_bits(run, data, core, small)
        if to == "web":
            export_web(core, FilePredictor(core).description, path, runtime)
        size = _size(path)
    return Export(target, to, size, found, cost, data if judged.is_other else None)


def _target(
    run: Run, to: str, out: str | Path | None, quantize: str | None, runtime: str | Path | None
) -> Path:
    """Where to write; refuses what cannot be done before anything is."""
    if to not in (known := (*WRITERS, "web")):
        raise UnknownNameError("format", to, known)
    if quantize not in (None, "int8"):
        raise UnknownNameError("quantisation", str(quantize), ["int8"])
    if runtime is not None and to != "web":
        raise ExportError(f"a runtime is for web, not {to}")
    if quantize and to not in _QUANTIZABLE:
        raise ExportError(f"int8 is for {' and '.join(_QUANTIZABLE)}, not {to}")
    if to in FORMATS:
        require(to)
    usual = FORMATS[to].file if to in FORMATS else "web"
    path = run.path / (usual.replace(".", ".int8.") if quantize else usual)
    path = path if out is None else expand(out)
    _check_replaceable(path, to)
    return path


def _check_replaceable(path: Path, to: str) -> None:
    is_folder = to == "web" or bool(FORMATS[to].marker)
    if not is_folder and path.suffix != Path(FORMATS[to].file).suffix:
        raise ExportError(
            f"{path}: a file of the format {to} ends in {Path(FORMATS[to].file).suffix}"
        )
    if not path.exists():
        return
    if is_folder and path.is_dir() and not any(path.iterdir()):
        return
    if is_folder != path.is_dir() or not _is_export(path, to):
        raise ExportError(
            f"{path} is there already, and no {to} export",
            Advice("name another {}", Argument("out")),
        )


def _is_export(path: Path, to: str) -> bool:
    """Whether `path` is what `export` has written in this format, and nothing besides."""
    if path.is_dir() and not {file.name for file in path.iterdir()} <= _CONTENTS[to]:
        return False
    try:
        if to in _DESCRIBED_IN:
            parse((path / _DESCRIBED_IN[to]).read_bytes(), path)
        else:
            open_engine(to, path, 1)
    except (ExportError, OSError):
        return False
    return True


def _in_eight_bits(
    run: Run, data: str | None, source: Path, out: Path
) -> tuple[Path, Quantization]:
    calibration, split = quantization.images_apart(run, data)
    quantization.quantize(source, out, calibration)
    sizes = (_size(source), _size(out))
    return out, quantization.measure(split, FilePredictor(source), FilePredictor(out), sizes)


def _broken(to: str, found: Parity) -> str:
    return (
        f"the {to} export does not predict as the run does: {found.labels_equal} of"
        f" {found.images} labels equal, probabilities differ by up to"
        f" {found.largest_difference:.2g}; nothing was written"
    )


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
