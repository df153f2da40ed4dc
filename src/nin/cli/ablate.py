"""`nin ablate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nin.cli.option_group import with_options
from nin.cli.study import StudyOptions, run_study


@with_options(StudyOptions, out=Path("runs/ablate"))
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
    *,
    options: StudyOptions,
) -> None:
    """The chapter's six exercises: what a 1×1 convolution, a head, a depth or a width is worth."""
    from nin.study import exercise_contenders

    networks = exercise_contenders(exercises or [], preset, width)
    run_study(networks, "The chapter's exercises", options)
