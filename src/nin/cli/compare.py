"""`nin compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nin.cli.shared_options import with_options
from nin.cli.study import StudyOptions, run_study


@with_options(StudyOptions, out=Path("runs/compare"))
def compare(
    nets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NET...]",
            help="Networks: by name, as tables of stages (.toml, .yaml), or your own"
            " (nets.py:name); default: those of the book, from lenet to densenet.",
        ),
    ] = None,
    *,
    options: StudyOptions,
) -> None:
    """Compare networks, all trained in the same way: accuracy over several seeds, and cost."""
    from nin.networks.rivals import RIVALS

    run_study(nets or ["nin", *RIVALS], "Accuracy and what it costs", options)
