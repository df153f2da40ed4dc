"""`nin predict`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory or export.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    top: Annotated[int, typer.Option(min=1, help="Number of most likely classes to show.")] = 1,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Open a SavedModel, which can do anything that you can."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON per image.")
    ] = False,
) -> None:
    """Classify images: the most likely classes of each, with probabilities."""
    from nin.exporting import Predictor

    for answer in Predictor(run, trust=trust).predict_files(images, top):
        if as_json:
            typer.echo(json.dumps(answer))
        else:
            names = "  ".join(f"{row['label']} {row['probability']:.3f}" for row in answer["top"])
            typer.echo(f"{answer['file']}: {names}")
