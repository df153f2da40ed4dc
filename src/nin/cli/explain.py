"""`nin explain`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from nin.names import printable


def explain(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory or an exported file.")
    ],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    classes: Annotated[
        list[str] | None,
        typer.Option(help="Classes to show, separated by commas; can be repeated."),
    ] = None,
    top: Annotated[
        int, typer.Option(min=1, help="Number of likeliest classes to show, without --classes.")
    ] = 3,
    strongest: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT",
            help="Show only this percentage of each map, its strongest values: 10.",
        ),
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=4096,
            help="Side in pixels: more give finer maps, and perhaps another prediction.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A .png or .svg, or a folder for one picture per image; default: here."),
    ] = None,
    raw: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="Also write the class maps as arrays.")
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace files there that nin explain did not write."),
    ] = False,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help="Run code that comes along: a SavedModel, or a network not of nin."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON per image.")
    ] = False,
) -> None:
    """Where in these images is the evidence for each class? Draws the class maps over them."""
    from nin.inference.engines import format_of
    from nin.maps.destinations import pictures

    format_of(run)
    for image in images:
        with image.open("rb"):  # What is not there is said before anything heavy is loaded.
            pass
    pictures(images, out, overwrite)

    from nin.exporting import Predictor
    from nin.maps import explain as draw

    answers = draw(
        Predictor(run, image_size=image_size, trust=trust),
        images,
        classes=classes or (),
        top=top,
        percent=strongest,
        out=out,
        raw=raw,
        overwrite=overwrite,
    )
    for answer in answers:
        if as_json:
            typer.echo(json.dumps(answer))
        else:
            label, probability = answer["label"], answer["probability"]
            line = f"{answer['file']}: {label} {probability:.3f}  {answer['picture']}"
            typer.echo(printable(line))
