"""`nin compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from nin.cli.study import Networks, study_command


@study_command("Accuracy and what it costs", out="runs/compare")
def compare(
    nets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NET...]",
            help="Networks; default: those of the book, from lenet to densenet.",
        ),
    ] = None,
) -> Networks:
    """Which network is worth its parameters? Trains each in the same way, over several seeds."""
    from nin.models import RIVALS

    return nets or ["nin", *RIVALS]
