"""`nin predict`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from nin.errors import NinError
from nin.names import printable

if TYPE_CHECKING:
    from nin.inference import FilePredictor
    from nin.inference.answer_lines import Form
    from nin.inference.answered_files import AnsweredFiles
    from nin.inference.batch.answer_parts import AnswerParts

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
        typer.Option(
            metavar="FILE",
            help="Write to this file: .csv, .jsonl, .parquet or .txt. After a stop, the same"
            " command goes on.",
        ),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out images that cannot be read.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="With --out: processes of this machine; default: this one alone."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="With --out: a Dask scheduler whose workers answer, such as tcp://10.0.0.5:8786.",
        ),
    ] = None,
) -> None:
    """Classify images: the most likely classes of each, with probabilities."""
    from nin.inference.answered_files import counted_images
    from nin.inference.engines import format_of
    from nin.inference.picture_sources import find_pictures

    form = _form(as_csv, as_json, out)
    _check_workers(out, workers, scheduler, trust)
    format_of(run)
    files, left_out = find_pictures(sources)
    if left_out:
        counted = ", ".join(
            f"{printable(why)} {count:,}" for why, count in sorted(left_out.items())
        )
        typer.echo(f"left out: {counted}", err=True)
    asked = _Asked(run, files, top, min_probability, trust, skip_bad)
    if out is None:
        answers = _to_screen(asked, form)
    elif workers is None and scheduler is None:
        answers = _to_file(asked, out)
    else:
        answers = _by_workers(asked, out, scheduler, workers or 1)
    if out is not None:
        typer.echo(printable(f"{counted_images(answers.given)} answered: {out}"))
    if answers.bad:
        typer.echo(f"{'' if skip_bad else 'nin: '}{answers.complaint()}", err=True)
        raise typer.Exit(0 if skip_bad else INCOMPLETE)


class _Asked(NamedTuple):
    """What is asked, of whom."""

    run: Path
    files: list[str]
    top: int
    min_probability: float
    trust: bool
    skip_bad: bool

    @property
    def how(self) -> dict[str, Any]:
        """What decides an answer beside network and picture."""
        return {"top": self.top, "min_probability": self.min_probability}

    def ranks(self, predictor: FilePredictor) -> int:
        """For how many of the likeliest classes a table has columns."""
        wanted = self.top > 1 or self.min_probability
        return min(self.top, len(predictor.classes)) if wanted else 0


def _to_screen(asked: _Asked, form: Form) -> AnsweredFiles:
    from nin.exporting import Predictor
    from nin.inference.answer_lines import lines
    from nin.inference.answered_files import AnsweredFiles, counted_images

    predictor = Predictor(asked.run, trust=asked.trust)
    answers = AnsweredFiles(asked.files, skip_bad=asked.skip_bad)
    # Where answers run down a terminal, they are progress enough.
    visible = not sys.stdout.isatty()
    rows = answers.by(predictor, asked.top, asked.min_probability, visible=visible)
    try:
        for line in lines(rows, form, asked.ranks(predictor)):
            typer.echo(line, nl=False)
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(
            f"stopped: {answers.given:,} of {counted_images(len(asked.files))} answered"
        ) from stop
    return answers


def _to_file(asked: _Asked, out: Path) -> AnsweredFiles:
    from nin.exporting import Predictor
    from nin.inference.batch.answer_file import answer_to_file
    from nin.inference.batch.answering import answer_here
    from nin.inference.batch.batch_job import question

    predictor = Predictor(asked.run, trust=asked.trust)
    return answer_to_file(
        out,
        asked.files,
        question(predictor.path, asked.files, **asked.how),
        partial(answer_here, predictor=predictor, **asked.how),
        ranks=asked.ranks(predictor),
        skip_bad=asked.skip_bad,
    )


def _by_workers(asked: _Asked, out: Path, scheduler: str | None, workers: int) -> AnsweredFiles:
    from nin.cluster import cluster
    from nin.exporting.on_demand import kept_export
    from nin.inference import FilePredictor
    from nin.inference.batch.answer_file import answer_to_file
    from nin.inference.batch.answering import answer_on_workers
    from nin.inference.batch.batch_job import batch_job, question

    predictor = FilePredictor(kept_export(asked.run), threads=1)
    job = batch_job(predictor.path, asked.files, **asked.how)

    def answer(parts: AnswerParts, advance: Callable[[int], None]) -> None:
        if parts.missing():
            with cluster(scheduler, workers) as client:
                answer_on_workers(parts, client, job, advance)

    return answer_to_file(
        out,
        asked.files,
        question(asked.run, asked.files, **asked.how),
        answer,
        ranks=asked.ranks(predictor),
        skip_bad=asked.skip_bad,
    )


def _check_workers(
    out: Path | None, workers: int | None, scheduler: str | None, trust: bool
) -> None:
    """Refuse options of workers that contradict others.

    Raises:
        NinError: it says which.
    """
    if workers is None and scheduler is None:
        return
    if workers and scheduler:
        raise NinError("--workers and --scheduler: choose one")
    given = "--workers" if workers else "--scheduler"
    if out is None:
        raise NinError(f"{given} needs a file for the answers: --out answers.csv")
    if trust:
        raise NinError(f"{given} and --trust: workers run no code that comes along")
    from nin.cluster import check_cluster

    check_cluster(scheduler)


def _form(as_csv: bool, as_json: bool, out: Path | None) -> Form:
    """What to print by the options; in a file it is what its ending says.

    Raises:
        NinError: they contradict each other, or say nothing.
    """
    if as_csv and as_json:
        raise NinError("--csv and --json: choose one")
    asked: Form | None = "csv" if as_csv else "json" if as_json else None
    if out is None:
        return asked or "text"
    from nin.inference.batch.answer_table import check_ending

    meant = check_ending(out)
    if asked and asked != meant:
        raise NinError(f"--{asked} and --out {out}: the ending means another format")
    return asked or "text"
