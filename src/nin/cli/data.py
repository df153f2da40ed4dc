"""`nin data`."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def data(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the data sets that nin knows, and where their files are."""
    from nin.data import catalogue

    rows = catalogue()
    if as_json:
        typer.echo(json.dumps([row._asdict() for row in rows]))
        return
    wide = max(len(row.name) for row in rows)
    for row in rows:
        here = row.where or "not here: fetched when it is first used"
        typer.echo(
            f"{row.name:<{wide}}  {row.classes:>3} classes  {row.train:>6,} + {row.test:>6,} images"
            f"  {row.size:>7}  {row.licence}"
        )
        typer.echo(f"{'':<{wide}}  {here}  ({row.home})")
    typer.echo("A folder of images, one directory per class, works as well: nin train FOLDER")
