"""`nin predict`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nin.cli.shared_options import JsonPerImage, SkipBad, TrustFile, with_options
from nin.errors import NinError
from nin.names import printable

if TYPE_CHECKING:
    from nin.inference.file_predictions import PredictedFiles
    from nin.inference.prediction_lines import Form

#: Exit code where some pictures could not be read.
INCOMPLETE = 1


@dataclass(frozen=True)
class AnswerOptions:
    """What is said of each image, in which format, and where."""

    top: Annotated[int, typer.Option(min=1, help="Number of most likely classes to show.")] = 1
    min_probability: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help='Answer "unsure" where no class is at least this likely.'
        ),
    ] = 0.0
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print a table of comma-separated values.")
    ] = False
    as_json: JsonPerImage = False
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write to this file instead: .csv, .jsonl or .txt."),
    ] = None

    def format(self) -> Form:
        """What is asked for by the options, or else by the ending of `out`.

        Raises:
            NinError: they contradict each other, or say nothing.
        """
        from nin.inference.prediction_lines import ENDINGS

        if self.as_csv and self.as_json:
            raise NinError("--csv and --json: choose one")
        asked: Form | None = "csv" if self.as_csv else "json" if self.as_json else None
        if self.out is None:
            return asked or "text"
        meant = ENDINGS.get(self.out.suffix.lower())
        if meant is None:
            raise NinError(f"--out {self.out}: end its name in .csv, .jsonl or .txt")
        if asked and asked != meant:
            raise NinError(f"--{asked} and --out {self.out}: the ending means another format")
        return meant

    def ranks(self, classes: int) -> int:
        """Of how many classes a CSV names the probability; 0 for the columns of one."""
        return min(self.top, classes) if self.top > 1 or self.min_probability else 0


@with_options(AnswerOptions)
def predict(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory or an exported file.")
    ],
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...",
            help="Image files; folders, with their subfolders; - for paths on standard input.",
        ),
    ],
    *,
    options: AnswerOptions,
    skip_bad: SkipBad = False,
    trust: TrustFile = False,
) -> None:
    """Classify images: the most likely classes of each, with probabilities."""
    from nin.exporting import Predictor
    from nin.inference.engines import format_of
    from nin.inference.file_predictions import PredictedFiles
    from nin.inference.prediction_lines import lines

    form = options.format()
    format_of(run)
    answers = PredictedFiles(_found(sources), skip_bad=skip_bad)
    predictor = Predictor(run, trust=trust)
    # Where answers run down a terminal, they are progress enough.
    visible = not (options.out is None and sys.stdout.isatty())
    rows = answers.predictions(predictor, options.top, options.min_probability, visible=visible)
    _write(lines(rows, form, options.ranks(len(predictor.classes))), answers, options.out)
    if answers.unreadable:
        typer.echo(f"{'' if skip_bad else 'nin: '}{answers.unreadable_line()}", err=True)
        raise typer.Exit(0 if skip_bad else INCOMPLETE)


def _found(sources: list[Path]) -> list[str]:
    """The images among the sources; says which files are none."""
    from nin.inference.picture_sources import find_pictures

    files, left_out = find_pictures(sources)
    if left_out:
        counts = (f"{printable(why)} {count:,}" for why, count in sorted(left_out.items()))
        typer.echo(f"left out: {', '.join(counts)}", err=True)
    return files


def _write(lines: Iterable[str], answers: PredictedFiles, out: Path | None) -> None:
    """Print the lines, or write them to a file; a message on Ctrl-C says how far this came."""
    from nin.inference.file_predictions import counted_images
    from nin.inference.prediction_lines import partial, prediction_file

    kept = None if out is None else partial(out)
    try:
        if out is None:
            for line in lines:
                typer.echo(line, nl=False)
        else:
            with prediction_file(out) as file:
                file.writelines(lines)
    except KeyboardInterrupt as stop:
        where = f"; they are in {kept}" if kept and kept.exists() else ""
        raise KeyboardInterrupt(
            f"stopped: {answers.count:,} of {counted_images(len(answers.files))} answered{where}"
        ) from stop
    if out is not None:
        typer.echo(printable(f"{counted_images(answers.count)} answered: {out}"))
