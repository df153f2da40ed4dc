"""`export`: writes a run in a format that other programs run, and checks its predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nin.errors import Argument, ExportError, UnknownNameError
from nin.exporting import parity, quantization
from nin.exporting.describe import describe
from nin.exporting.export_input import choose_input_spec
from nin.exporting.export_target import check_replaceable
from nin.exporting.formats import WRITERS
from nin.exporting.instructions import how_to_load, how_to_prepare
from nin.exporting.litert.tflite_summary import TfliteSummary, summarise
from nin.exporting.network_writer import Apart, NetworkWriter, size_of
from nin.exporting.parity import Parity
from nin.exporting.quantization import Quantization
from nin.files import expand, replacing_path
from nin.inference.engines import FORMATS, require

if TYPE_CHECKING:
    from nin.training import Run

#: Types of fewer bits, and the formats that support them.
_QUANTIZABLE = {"int8": ("onnx", "web", "litert"), "float16": ("litert",)}
#: Formats whose usual readers expect a classifier with one output.
_WITHOUT_MAPS = ("litert",)


class Export(NamedTuple):
    """The result of `export`.

    Attributes:
        path: the file or folder.
        format: its name, as in `export`'s ``to``.
        bytes: its size.
        parity: how its predictions agree with the run's; for a quantised file, those of the same
            file in float32.
        quantization: what quantisation costs and gains; None without it.
        other: the name of the data that both were compared on; None if it was the run's own.
        prepare: how to prepare a picture for the network, in one line.
        load: the lines that open it in the most usual program for its format.
        summary: the operators and the memory that a LiteRT file needs; None for other formats.
    """

    path: Path
    format: str
    bytes: int
    parity: Parity
    quantization: Quantization | None
    other: str | None = None
    prepare: str = ""
    load: tuple[str, ...] = ()
    summary: TfliteSummary | None = None


def export(
    run: Run,
    to: str = "onnx",
    out: str | Path | None = None,
    *,
    maps: bool | None = None,
    quantize: str | None = None,
    size: int | None = None,
    batch: int | None = None,
    layout: str | None = None,
    input: str | None = None,  # noqa: A002 - the option's name
    data: str | None = None,
    runtime: str | Path | None = None,
) -> Export:
    """Export a run to a format that other programs run, and check that it predicts the same.

    The exported network takes ``images``, uint8 of shape (n, height, width, channels): any number
    of them, of any height and width, in RGB, or in grey if the run was trained on grey images.
    Resizing and standardising are part of it. With `size` it takes images of that size only, and
    does not resize: it then consists of the operators of a plain convolutional network, which
    accelerators and phones support. It returns ``probabilities``, (n, classes), and ``maps``,
    (n, map height, map width, classes). The names of the classes, the provenance and the form of
    the input are stored with it.

    Args:
        run: a trained run.
        to: the format: ``"onnx"``, the same file from every backend; ``"openvino"``; ``"litert"``
            or ``"savedmodel"``, which need the TensorFlow backend; or ``"web"``, a folder with a
            page that runs the network in the browser.
        out: the file or folder; None for the usual name in the run directory. An export of the
            same format that is already there is replaced.
        maps: whether to include the class maps. None: if the network has them, except in LiteRT,
            whose usual libraries expect classifiers with one output.
        quantize: ``"int8"`` for 8-bit integers, calibrated on training images, none of which is
            used to measure the result: for ONNX, the web page, and LiteRT, where inputs and outputs
            become 8-bit as well. ``"float16"`` for weights of half the size: for LiteRT.
        size: side in pixels of the images that it takes, for ONNX, OpenVINO and LiteRT. None: any
            size; in LiteRT, the run's own.
        batch: with a fixed size, the number of images per batch; None for 1.
        layout: with a fixed size, ``"nchw"`` or ``"nhwc"``, for the images and the class maps; None
            for what is usual in the format.
        input: with a fixed size, ``"float"`` (float32) or ``"uint8"``, from 0 to 255 either way;
            None for what is usual in the format.
        data: another data set or folder to check the export on, whose classes are among the run's;
            None for the run's own images that it was not trained on.
        runtime: for ``"web"``: a downloaded onnxruntime-web, a folder or a ``.tgz``; None to get it
            with npm.

    Returns:
        Where the export is, how large it is, how it compares with the run, and how to use it.

    Raises:
        ExportError: it cannot be written in this format or at this size, or does not predict as the
            run does; then nothing is left behind.
        InputSizeError: the size is too small for the network.
        UnknownNameError: there is no such format, quantisation, layout or input.

    Example:
        >>> done = nin.export(nin.load("runs/digits-1"))
        >>> done.path.name, done.format
        ('model.onnx', 'onnx')
    """
    _check_names(to, quantize, runtime)
    target = _target(run, to, out, quantize, size)
    form = choose_input_spec(
        run, to, size=size, batch=batch, layout=layout, input=input, quantize=quantize
    )
    writer = NetworkWriter(run, to, form, describe(run, maps=_maps(to, maps), form=form), quantize)
    evaluated = parity.evaluation_images(run, data)
    apart = _apart(run, data, quantize)
    with replacing_path(target) as path:
        agreement, cost = writer.export(path, parity.some_images(evaluated.split), apart, runtime)
        size_in_bytes = size_of(path)
        summary = summarise(path.read_bytes()) if to == "litert" else None
    return Export(
        target,
        to,
        size_in_bytes,
        agreement,
        cost,
        other=data if evaluated.is_other else None,
        prepare=how_to_prepare(form, run.resize_mode),
        load=how_to_load(target, to),
        summary=summary,
    )


def _check_names(to: str, quantize: str | None, runtime: str | Path | None) -> None:
    if to not in (known := (*WRITERS, "web")):
        raise UnknownNameError("format", to, known)
    if quantize is not None and quantize not in _QUANTIZABLE:
        raise UnknownNameError("quantisation", quantize, _QUANTIZABLE)
    if runtime is not None and to != "web":
        raise ExportError(f"it is for web, not {to}", about=Argument("runtime"))
    if quantize and to not in _QUANTIZABLE[quantize]:
        formats = ", ".join(_QUANTIZABLE[quantize])
        raise ExportError(f"it is for {formats}, not {to}", about=Argument("quantize", quantize))
    if to in FORMATS:
        require(to)


def _target(
    run: Run, to: str, out: str | Path | None, quantize: str | None, size: int | None
) -> Path:
    """Where to write; refuses what cannot be replaced."""
    usual = FORMATS[to].file if to in FORMATS else "web"
    stem, dot, suffix = usual.partition(".")
    marks = [str(mark) for mark in (size, quantize if dot else None) if mark is not None]
    path = run.path / (".".join([stem, *marks]) + dot + suffix) if out is None else expand(out)
    check_replaceable(path, to)
    return path


def _maps(to: str, maps: bool | None) -> bool | None:
    return False if maps is None and to in _WITHOUT_MAPS else maps


def _apart(run: Run, data: str | None, quantize: str | None) -> Apart:
    """Images to calibrate on, if that is needed, and others to evaluate on."""
    if quantize == "int8":
        return quantization.images_apart(run, data)
    return None, quantization.images_to_evaluate_on(run, data) if quantize else None
