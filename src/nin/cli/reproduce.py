"""`nin reproduce`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from nin.cli.shared_options import AsJson


def reproduce(
    record: Annotated[
        Path, typer.Argument(help="A compare.json, or a record such as results/compare.json.")
    ],
    row: Annotated[
        str | None, typer.Option(help="The network to train again; default: all of them.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Trainings to run at the same time; default: as in the record."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder in which trainings are kept; default: runs/reproduce-NAME."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a published row again with its seeds, and report whether it agrees.

    Exit code 0: all rows agree, to the bit or, with other versions or another processor, within the
    record's spread over seeds. 1: some do not. 2: the record, or the images, cannot be used.
    """
    from nin.study.reproduction import reproduce as train_again

    found = train_again(record, row=row, out=out, jobs=jobs)
    if as_json:
        typer.echo(json.dumps([{**each.model_dump(), "agrees": each.agrees} for each in found]))
    else:
        for each in found:
            typer.echo(each.in_words())
    if not all(each.agrees for each in found):
        raise typer.Exit(1)
