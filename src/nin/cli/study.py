"""What `nin compare` and `nin ablate` share: their options, and what they print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nin.errors import NinError

if TYPE_CHECKING:
    from nin.study import Comparison, Contender

Data = Annotated[str, typer.Option(help="A named data set or a folder.")]
Seeds = Annotated[int, typer.Option(help="Trainings of each network that are judged.")]
Epochs = Annotated[int, typer.Option(help="Passes over the images, the same for all.")]
Seconds = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="Train each for so long, in place of --epochs."),
]
ImageSize = Annotated[
    int | None,
    typer.Option(help="Side in pixels; default: as stored, or the smallest that all can take."),
]
Limit = Annotated[int | None, typer.Option(help="Use so many training images.")]
BatchSize = Annotated[int, typer.Option(help="Images a step.")]
Rates = Annotated[str, typer.Option(help="Learning rates to choose from, with commas.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Trainings at a time; default: 1.")]
NoMeasure = Annotated[
    bool, typer.Option("--no-measure", help="Leave out images/s and peak memory.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def run_study(
    nets: Sequence[str | Contender],
    out: Path,
    *,
    title: str,
    data: str,
    seeds: int,
    epochs: int,
    budget: float | None,
    image_size: int | None,
    limit: int | None,
    batch_size: int,
    rates: str,
    jobs: int | None,
    no_measure: bool,
    as_json: bool,
) -> None:
    """Compare `nets`, with the results in `out`, and print a table."""
    from nin.study import compare
    from nin.study.comparison import RECIPE

    recipe = RECIPE.revised(
        data=data, epochs=epochs, image_size=image_size, limit=limit, batch_size=batch_size
    )
    comparison = compare(
        nets,
        recipe,
        out=out,
        title=title,
        rates=_rates(rates),
        seeds=seeds,
        seconds=budget,
        jobs=jobs,
        measured=not no_measure,
    )
    if as_json:
        typer.echo(comparison.model_dump_json())
    else:
        _print(comparison, out)


def _rates(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise NinError(f"--rates {text[:40]}: give numbers, as 0.0003,0.001,0.003") from None


def _print(comparison: Comparison, out: Path) -> None:
    from nin.study.report import FILES
    from nin.study.report_text import accuracy, count

    wide = max(len(row.net) for row in comparison.rows)
    group = ""
    for row in comparison.rows:
        if row.group != group:
            group = row.group
            typer.echo(group)
        parameters, work = row.cost.parameters.total, count(row.cost.multiply_adds)
        typer.echo(
            f"{row.net:<{wide}}  {accuracy(row.accuracies):<13}  {parameters:>11,} parameters"
            f"  {work:>6} multiply-adds"
            + ("  on the front" if row.on_front else "")
            + (f"  {row.died} died" if row.died else "")
        )
    typer.echo("written: " + ", ".join(str(out / name) for name in FILES))
