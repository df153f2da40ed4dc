"""`nin export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nin.names import printable

if TYPE_CHECKING:
    from nin.exporting import Export


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")],
    to: Annotated[
        str, typer.Option(help="Format: onnx, openvino, litert, savedmodel, or web for a web page.")
    ] = "onnx",
    out: Annotated[
        Path | None, typer.Option(help="Output file or folder; default: in the run directory.")
    ] = None,
    no_maps: Annotated[bool, typer.Option("--no-maps", help="Leave out the class maps.")] = False,
    quantize: Annotated[
        str | None, typer.Option(metavar="int8", help="Quantise, and measure what that costs.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="Other images to check the export on; default: the run's own."),
    ] = None,
    runtime: Annotated[
        Path | None, typer.Option(help="For web: a downloaded onnxruntime-web (.tgz or folder).")
    ] = None,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Run the code of a network that is not one of nin's."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Export a run to a format that other programs run, and check that it predicts the same."""
    from nin.exporting import export as export_run
    from nin.training import load

    maps = False if no_maps else None
    opened = load(run, trust=trust)
    done = export_run(opened, to, out, maps=maps, quantize=quantize, data=data, runtime=runtime)
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
    if cost is None:
        return
    (size, small), (slow, fast), (exact, rough) = cost.bytes, cost.milliseconds, cost.accuracy
    typer.echo(f"int8 instead of float32: {small / 1e6:.2f} MB instead of {size / 1e6:.2f} MB")
    typer.echo(f"  {fast:.2f} ms per image instead of {slow:.2f} ms")
    typer.echo(
        f"  accuracy {rough:.4f} instead of {exact:.4f}, {cost.same_label:.1%} the same labels,"
        f" on {cost.images:,} {images}"
    )
