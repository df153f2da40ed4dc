"""`nin compare`."""

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


def compare(
    nets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NET...]", help="Networks; default: the book's, lenet to densenet."
        ),
    ] = None,
    data: Data = "fashion-mnist",
    seeds: Seeds = 5,
    epochs: Epochs = 3,
    budget: Seconds = None,
    image_size: ImageSize = None,
    limit: Limit = None,
    batch_size: BatchSize = 64,
    rates: Rates = "0.0003,0.001,0.003",
    jobs: Jobs = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("runs/compare"),
    no_measure: NoMeasure = False,
    as_json: Json = False,
) -> None:
    """Which network is worth its parameters? Trains each in the same way, over several seeds."""
    from nin.models import RIVALS

    run_study(
        nets or ["nin", *RIVALS],
        out,
        title="Accuracy and what it costs",
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
