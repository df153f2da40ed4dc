"""`nin export`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nin.cli.shared_options import AsJson, TrustRun, with_options
from nin.names import printable

if TYPE_CHECKING:
    from nin.exporting import Export
    from nin.exporting.litert.tflite_summary import TfliteSummary
    from nin.exporting.quantization import Quantization


@dataclass(frozen=True)
class ExportOptions:
    """What to write and what to check it on, as arguments of `nin.export`."""

    to: Annotated[
        str, typer.Option(help="Format: onnx, openvino, litert, savedmodel, or web for a web page.")
    ] = "onnx"
    out: Annotated[
        Path | None, typer.Option(help="Output file or folder; default: in the run directory.")
    ] = None
    maps: Annotated[
        bool | None,
        typer.Option(
            "--maps/--no-maps", help="Include class maps; default: yes, except for litert."
        ),
    ] = None
    size: Annotated[
        int | None,
        typer.Option(
            help="Fixed side of the images in pixels; uses only operators that accelerators and"
            " phones support. For onnx, openvino and litert."
        ),
    ] = None
    batch: Annotated[
        int | None, typer.Option(help="With --size: images per batch; default: 1.")
    ] = None
    layout: Annotated[
        str | None,
        typer.Option(metavar="nchw|nhwc", help="With --size: the order of the axes."),
    ] = None
    input: Annotated[
        str | None,
        typer.Option(metavar="float|uint8", help="With --size: the type of the pixels."),
    ] = None
    quantize: Annotated[
        str | None,
        typer.Option(
            metavar="int8|float16", help="Quantise the network, and measure what that costs."
        ),
    ] = None
    data: Annotated[
        str | None,
        typer.Option(help="Other images to check the export on; default: the run's own."),
    ] = None
    runtime: Annotated[
        Path | None, typer.Option(help="For web: a downloaded onnxruntime-web (.tgz or folder).")
    ] = None


@with_options(ExportOptions)
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")],
    *,
    options: ExportOptions,
    trust: TrustRun = False,
    as_json: AsJson = False,
) -> None:
    """Export a run to a format that other programs run, and check that it predicts the same."""
    from nin.exporting import export as export_run
    from nin.training import load

    done = export_run(load(run, trust=trust), **asdict(options))
    if as_json:
        typer.echo(json.dumps(_plain(done)))
    else:
        _print(done)


def _plain(done: Export) -> dict[str, object]:
    cost = done.quantization
    return {
        "path": str(done.path),
        "format": done.format,
        "bytes": done.bytes,
        "parity": done.parity._asdict(),
        "quantization": None if cost is None else cost._asdict(),
        "other": done.other,
        "prepare": done.prepare,
        "load": list(done.load),
        "summary": None if done.summary is None else done.summary._asdict(),
    }


def _print(done: Export) -> None:
    found, cost = done.parity, done.quantization
    typer.echo(f"{printable(done.path)}: {done.format}, {done.bytes / 1e6:.2f} MB")
    which = "" if cost is None else "float32, "
    images = f"images of other data, {done.other}" if done.other else "images"
    typer.echo(
        f"{which}compared with the run on {found.images} {images}: {found.labels_equal} labels"
        f" equal, largest difference of a probability {found.largest_difference:.1e}"
    )
    if cost is not None:
        _print_cost(cost, images)
    if done.summary is not None:
        _print_summary(done.summary)
    typer.echo(printable(done.prepare))
    for line in done.load:
        typer.echo(printable(line))


def _print_cost(cost: Quantization, images: str) -> None:
    (size, small), (slow, fast), (exact, rough) = cost.bytes, cost.milliseconds, cost.accuracy
    typer.echo(f"{cost.to} instead of float32: {small / 1e6:.2f} MB instead of {size / 1e6:.2f} MB")
    typer.echo(f"  {fast:.2f} ms per image instead of {slow:.2f} ms")
    typer.echo(
        f"  accuracy {rough:.4f} instead of {exact:.4f}, {cost.same_label:.1%} the same labels,"
        f" on {cost.images:,} {images}"
    )


def _print_summary(summary: TfliteSummary) -> None:
    floats = ", ".join(summary.in_floats)
    typer.echo(f"working memory: {summary.memory / 1e6:.2f} MB and the runtime's own buffers")
    typer.echo(f"operators: {', '.join(summary.operators)}; in floats: {floats or 'none'}")
