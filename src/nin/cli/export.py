"""`nin export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nin.exporting import Export


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")],
    to: Annotated[
        str, typer.Option(help="onnx, openvino, litert, savedmodel, or web for a page.")
    ] = "onnx",
    out: Annotated[
        Path | None, typer.Option(help="The file or folder; default: in the run directory.")
    ] = None,
    no_maps: Annotated[bool, typer.Option("--no-maps", help="Leave the class maps out.")] = False,
    quantize: Annotated[
        str | None, typer.Option(metavar="int8", help="Eight bits; measures what they cost.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Images to check on, in place of the run's own.")
    ] = None,
    runtime: Annotated[
        Path | None, typer.Option(help="For web: a downloaded onnxruntime-web (.tgz or folder).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a run in a form that other programs run, and check that it answers as the run does."""
    from nin.exporting import export as leave
    from nin.training import load

    maps = False if no_maps else None
    done = leave(load(run), to, out, maps=maps, quantize=quantize, data=data, runtime=runtime)
    if as_json:
        typer.echo(json.dumps(_plain(done)))
    else:
        _print(done)


def _plain(done: Export) -> dict[str, object]:
    cost = done.quantization
    return {
        "path": str(done.path),
        "form": done.form,
        "bytes": done.bytes,
        "parity": done.parity._asdict(),
        "quantization": None if cost is None else cost._asdict(),
    }


def _print(done: Export) -> None:
    found, cost = done.parity, done.quantization
    typer.echo(f"{done.path}: {done.form}, {done.bytes / 1e6:.2f} MB")
    which = "" if cost is None else "float32, "
    typer.echo(
        f"{which}beside the run, on {found.images} images: {found.labels_equal} labels equal,"
        f" largest difference of a probability {found.largest_difference:.1e}"
    )
    if cost is None:
        return
    (size, small), (slow, fast), (exact, rough) = cost.bytes, cost.milliseconds, cost.accuracy
    typer.echo(f"int8, beside float32: {small / 1e6:.2f} MB for {size / 1e6:.2f} MB")
    typer.echo(f"  {fast:.2f} ms an image for {slow:.2f} ms")
    typer.echo(
        f"  accuracy {rough:.4f} for {exact:.4f}, {cost.same_label:.1%} the same labels,"
        f" on {cost.images:,} images"
    )
