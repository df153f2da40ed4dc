"""`nin predict`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nin.errors import NinError
from nin.names import printable

if TYPE_CHECKING:
    from nin.inference.answer_lines import Form

#: Exit code where some pictures could not be read.
INCOMPLETE = 1


def predict(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory or export.")],
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...",
            help="Image files; folders, with those below them; - for a list on standard input.",
        ),
    ],
    top: Annotated[int, typer.Option(min=1, help="Number of most likely classes to show.")] = 1,
    min_probability: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help='Answer "unsure" where no class is as likely as this.'),
    ] = 0.0,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print a table: comma-separated values.")
    ] = False,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help="Run code that comes along: a SavedModel, or a network not of nin."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON per image.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write to this file: .csv, .jsonl or .txt."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out images that cannot be read.")
    ] = False,
) -> None:
    """Classify images: the most likely classes of each, with probabilities."""
    from nin.exporting import Predictor
    from nin.inference.answer_lines import answer_file, lines, partial
    from nin.inference.answered_files import AnsweredFiles, counted_images
    from nin.inference.engines import format_of
    from nin.inference.picture_sources import find_pictures

    form = _form(as_csv, as_json, out)
    format_of(run)
    files, left_out = find_pictures(sources)
    if left_out:
        counted = ", ".join(
            f"{printable(why)} {count:,}" for why, count in sorted(left_out.items())
        )
        typer.echo(f"left out: {counted}", err=True)
    predictor = Predictor(run, trust=trust)
    answers = AnsweredFiles(files, skip_bad=skip_bad)
    # Where answers run down a terminal, they are progress enough.
    visible = not (out is None and sys.stdout.isatty())
    rows = answers.by(predictor, top, min_probability, visible=visible)
    ranks = min(top, len(predictor.classes)) if top > 1 or min_probability else 0
    kept = None if out is None else partial(out)
    try:
        if out is None:
            for line in lines(rows, form, ranks):
                typer.echo(line, nl=False)
        else:
            with answer_file(out) as file:
                file.writelines(lines(rows, form, ranks))
    except KeyboardInterrupt as stop:
        where = f"; they are in {kept}" if kept and kept.exists() else ""
        raise KeyboardInterrupt(
            f"stopped: {answers.given:,} of {counted_images(len(files))} answered{where}"
        ) from stop
    if out is not None:
        typer.echo(printable(f"{counted_images(answers.given)} answered: {out}"))
    if answers.bad:
        typer.echo(f"{'' if skip_bad else 'nin: '}{answers.complaint()}", err=True)
        raise typer.Exit(0 if skip_bad else INCOMPLETE)


def _form(as_csv: bool, as_json: bool, out: Path | None) -> Form:
    """What is asked for by the options, or else by the ending of `out`.

    Raises:
        NinError: they contradict each other, or say nothing.
    """
    from nin.inference.answer_lines import ENDINGS

    if as_csv and as_json:
        raise NinError("--csv and --json: choose one")
    asked: Form | None = "csv" if as_csv else "json" if as_json else None
    if out is None:
        return asked or "text"
    meant = ENDINGS.get(out.suffix.lower())
    if meant is None:
        raise NinError(f"--out {out}: end its name in .csv, .jsonl or .txt")
    if asked and asked != meant:
        raise NinError(f"--{asked} and --out {out}: the ending means another format")
    return meant
