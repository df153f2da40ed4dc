"""`export`: a run leaves the house, and is asked once more on the other side of the door."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nin.errors import ExportError, UnknownNameError
from nin.exporting import parity, quantization
from nin.exporting.describe import describe
from nin.exporting.formats import WRITERS
from nin.exporting.parity import Parity
from nin.exporting.predictor import Predictor
from nin.exporting.quantization import Quantization
from nin.exporting.web import PAGE, export_web
from nin.files import expand, replacing_path
from nin.inference import FilePredictor
from nin.inference.engines import FORMS, open_engine, require
from nin.inference.metadata import parse

if TYPE_CHECKING:
    from nin.training import Run

#: Forms that are, or hold, an ONNX file, and can be had in eight bits.
_OF_ONNX = ("onnx", "web")


#: What an exported folder holds.
_CONTENTS = {
    "openvino": {"model.xml", "model.bin"},
    "savedmodel": {"assets", "assets.extra", "variables", "saved_model.pb", "fingerprint.pb"},
    "web": {"model.onnx", "model.json", "onnxruntime", *(file.name for file in PAGE.iterdir())},
}


class Export(NamedTuple):
    """What left.

    Attributes:
        path: the file or folder.
        form: what it is: ``"onnx"``.
        bytes: its size.
        parity: how it answers beside the run; of int8, how the file it was made from does.
        quantization: what eight bits cost and bring; None without them.
    """

    path: Path
    form: str
    bytes: int
    parity: Parity
    quantization: Quantization | None


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
    """Write a run in a form that other programs run, and check that it answers as the run does.

    What is written takes ``images``, (n, height, width, channels) uint8, of any number, height and
    width, grey, RGB or RGBA; resizing and standardising are part of it. It gives ``probabilities``,
    (n, classes), and ``maps``, (n, map height, map width, classes). Classes and provenance travel
    with it.

    Args:
        run: a trained run.
        to: ``"onnx"``, the same file from every backend; ``"openvino"``; ``"litert"`` and
            ``"savedmodel"``, on the TensorFlow backend; or ``"web"``: a folder with a page that
            runs the network in the browser.
        out: the file or folder; None for one of the usual name in the run directory. What is there
            already is replaced if it is an export of the same form.
        maps: whether the class maps go along; None: where the network has them.
        quantize: ``"int8"`` for eight-bit whole numbers, calibrated on training images; of ONNX and
            the web page.
        data: a named set or folder with the images to check on; None for the run's own, of which
            those it was not trained on are taken.
        runtime: for ``"web"``: a downloaded onnxruntime-web, a folder or a ``.tgz``; None to get it
            with npm.

    Raises:
        ExportError: it cannot be written in this form, or does not answer as the run does; then
            nothing is left behind.
        UnknownNameError: there is no such form or quantisation.

    Example:
        >>> done = nin.export(nin.load("runs/digits-1"))
        >>> done.path.name, done.form
        ('model.onnx', 'onnx')
    """
    target = _target(run, to, out, quantize, runtime)
    description = describe(run, maps=maps)
    images = parity.real_images(run, data)
    with replacing_path(target) as path, tempfile.TemporaryDirectory() as folder:
        core = path if to != "web" and not quantize else Path(folder) / FORMS["onnx"].file
        WRITERS[to if to in WRITERS else "onnx"](run, description, core)
        found = parity.compare(Predictor(run), FilePredictor(core), images)
        if not found.holds:
            raise ExportError(_broken(to, found))
        cost = None
        if quantize:
            small = path if to == "onnx" else core.with_name("small.onnx")
            core, cost = _in_eight_bits(run, data, core, small)
        if to == "web":
            export_web(core, FilePredictor(core).description, path, runtime)
        size = _size(path)
    return Export(target, to, size, found, cost)


def _target(
    run: Run, to: str, out: str | Path | None, quantize: str | None, runtime: str | Path | None
) -> Path:
    """Where to write; refuses what cannot be done before anything is."""
    if to not in (known := (*WRITERS, "web")):
        raise UnknownNameError("form", to, known)
    if quantize not in (None, "int8"):
        raise UnknownNameError("quantisation", str(quantize), ["int8"])
    if runtime is not None and to != "web":
        raise ExportError(f"a runtime is for web, not {to}")
    if quantize and to not in _OF_ONNX:
        raise ExportError(f"int8 is for {' and '.join(_OF_ONNX)}, not {to}")
    if to in FORMS:
        require(to)
    usual = FORMS[to].file if to in FORMS else "web"
    path = run.path / (usual.replace(".", ".int8.") if quantize else usual)
    path = path if out is None else expand(out)
    _check_replaceable(path, to)
    return path


def _check_replaceable(path: Path, to: str) -> None:
    is_folder = to == "web" or bool(FORMS[to].marker)
    if not is_folder and path.suffix != Path(FORMS[to].file).suffix:
        raise ExportError(f"{path}: a file of the form {to} ends in {Path(FORMS[to].file).suffix}")
    if not path.exists():
        return
    if is_folder and path.is_dir() and not any(path.iterdir()):
        return
    if is_folder != path.is_dir() or not _is_export(path, to):
        raise ExportError(f"{path} is there already, and no {to} export: name another --out")


def _is_export(path: Path, to: str) -> bool:
    """Whether `path` is what `export` has written in this form, and nothing besides."""
    if path.is_dir() and not {file.name for file in path.iterdir()} <= _CONTENTS[to]:
        return False
    try:
        if to == "web":
            parse((path / "model.json").read_bytes(), path)
        else:
            open_engine(to, path, 1)
    except (ExportError, OSError):
        return False
    return True


def _in_eight_bits(
    run: Run, data: str | None, source: Path, out: Path
) -> tuple[Path, Quantization]:
    quantization.quantize(source, out, parity.training_images(run, data, quantization.CALIBRATION))
    sizes = (_size(source), _size(out))
    split = parity.judged(run, data)
    return out, quantization.measure(split, FilePredictor(source), FilePredictor(out), sizes)


def _broken(to: str, found: Parity) -> str:
    return (
        f"the {to} export does not answer as the run: {found.labels_equal} of {found.images} labels"
        f" equal, probabilities differ by up to {found.largest_difference:.2g}; nothing was written"
    )


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
