"""`nin explain`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def explain(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory or an exported file.")
    ],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    classes: Annotated[
        list[str] | None, typer.Option(help="Show these: a,b. Can be repeated.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Show so many likely classes.")] = 3,
    strongest: Annotated[
        float | None, typer.Option(metavar="PERCENT", help="Only so much of each map: 10.")
    ] = None,
    image_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=4096,
            help="Look at so many pixels a side: finer maps, perhaps another answer.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A .png or .svg; or a folder, for a picture an image."),
    ] = None,
    raw: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="Write the maps themselves as well.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON line an image.")] = False,
) -> None:
    """Where in these images is the evidence? A picture of the class maps over each."""
    from nin.exporting import Predictor
    from nin.maps import explain as draw

    answers = draw(
        Predictor(run, image_size=image_size),
        images,
        classes=classes or (),
        top=top,
        percent=strongest,
        out=out,
        raw=raw,
    )
    for answer in answers:
        if as_json:
            typer.echo(json.dumps(answer))
        else:
            label, probability = answer["label"], answer["probability"]
            typer.echo(f"{answer['file']}: {label} {probability:.3f}  {answer['picture']}")
