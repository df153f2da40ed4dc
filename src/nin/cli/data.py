"""`nin data`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from nin.cli.shared_options import AsJson
from nin.errors import DataError
from nin.files import expand

#: Exit code if something is wrong with a folder.
WRONG = 1


def data(
    folder: Annotated[
        str | None,
        typer.Argument(
            metavar="[FOLDER]",
            help="A folder of images, one directory per class; or shards; or the URL of either.",
        ),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(help="File for a contact sheet of the duplicates: .png or .jpg."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a folder of images before training; without one, list the known data sets.

    Reports counts, sizes, unreadable images and duplicates. The exit code is 1 if an image cannot
    be read, or occurs in two parts or two classes.
    """
    if folder is None and sheet is not None:
        command = f"nin data FOLDER --sheet {shlex.quote(str(sheet))}"
        raise DataError(f"--sheet {sheet}: name the folder: {command}")
    if folder is None:
        _list_sets(as_json)
    else:
        _check(folder, sheet, as_json)


def _check(name: str, sheet: Path | None, as_json: bool) -> None:
    from nin.data import NAMED
    from nin.data.checkup import check_folder
    from nin.data.duplicate_detection.duplicate_report import show_command
    from nin.data.duplicate_detection.picture_sheet import check_sheet_path
    from nin.data.storage.url_path import source_path
    from nin.training.starting_recipe import choose

    if sheet is not None:
        sheet = expand(sheet)
        check_sheet_path(sheet)
    folder = source_path(name)
    if name in NAMED and not folder.exists():
        raise DataError(
            f"{folder} is a published data set, not a folder: nin data without a folder lists those"
        )
    size = choose(None, str(folder.absolute())).image_size
    found = check_folder(folder, size or 0)
    drawn = sheet is not None and found.save_sheet(sheet)
    if as_json:
        typer.echo(json.dumps({**found.report(), "sheet": str(sheet) if drawn else None}))
    else:
        typer.echo(found.text())
        if drawn:
            typer.echo(f"contact sheet: {sheet}")
        elif found.duplicates.groups and sheet is None:
            typer.echo(f"to see them: {show_command(str(folder))}")
    if found.is_wrong:
        raise typer.Exit(WRONG)


def _list_sets(as_json: bool) -> None:
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
