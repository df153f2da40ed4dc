"""`nin ablate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nin.cli.study import (
    BatchSize,
    Data,
    Epochs,
    ImageSize,
    Jobs,
    Json,
    Limit,
    NoMeasure,
    Rates,
    Seconds,
    Seeds,
    run_study,
)


def ablate(
    exercises: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXERCISE...]",
            help="ones, windows, head, resources, end, family, or 1 to 6; default: all.",
        ),
    ] = None,
    preset: Annotated[str, typer.Option(help="The network that is varied.")] = "book",
    width: Annotated[float, typer.Option(min=0.01, help="Factor on its channels.")] = 1.0,
    data: Data = "fashion-mnist",
    seeds: Seeds = 5,
    epochs: Epochs = 3,
    budget: Seconds = None,
    image_size: ImageSize = None,
    limit: Limit = None,
    batch_size: BatchSize = 64,
    rates: Rates = "0.0003,0.001,0.003",
    jobs: Jobs = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("runs/ablate"),
    no_measure: NoMeasure = False,
    as_json: Json = False,
) -> None:
    """The chapter's six exercises: what a 1×1 convolution, a head, a depth or a width is worth."""
    from nin.study import exercise_contenders

    run_study(
        exercise_contenders(exercises or [], preset, width),
        out,
        title="The chapter's exercises",
        data=data,
        seeds=seeds,
        epochs=epochs,
        budget=budget,
        image_size=image_size,
        limit=limit,
        batch_size=batch_size,
        rates=rates,
        jobs=jobs,
        no_measure=no_measure,
        as_json=as_json,
    )
