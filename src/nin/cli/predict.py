"""`nin predict`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nin.cli.shared_options import JsonPerImage, SkipBad, TrustFile, with_options
from nin.errors import NinError
from nin.files import expand
from nin.names import printable

if TYPE_CHECKING:
    from nin.inference.batch.prediction_parts import PredictionParts
    from nin.inference.predicted_files import PredictedFiles
    from nin.inference.prediction_lines import Form

#: Exit code if some pictures could not be read.
INCOMPLETE = 1


@dataclass(frozen=True)
class PredictOptions:
    """What to predict per image, in which format, where to write it, and by which processes."""

    top: Annotated[int, typer.Option(min=1, help="Number of most likely classes to show.")] = 1
    min_probability: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help='Predict "unsure" where no class is at least this likely.'
        ),
    ] = 0.0
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print a table of comma-separated values.")
    ] = False
    as_json: JsonPerImage = False
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write to this file instead: .csv, .jsonl, .parquet or .txt; if interrupted, run"
            " the same command again to continue.",
        ),
    ] = None
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="With --out: number of worker processes on this machine; default: none."
        ),
    ] = None
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="With --out: a Dask scheduler whose workers predict, such as tcp://10.0.0.5:8786.",
        ),
    ] = None

    def format(self) -> Form:
        """The format to print predictions in; the format of a file follows from its extension.

        Raises:
            NinError: the options contradict each other, or the extension is unknown.
        """
        if self.as_csv and self.as_json:
            raise NinError("--csv and --json: choose one")
        chosen: Form | None = "csv" if self.as_csv else "json" if self.as_json else None
        if self.out is None:
            return chosen or "text"
        from nin.inference.batch.prediction_table import check_ending

        meant = check_ending(self.out)
        if chosen and chosen != meant:
            raise NinError(f"--{chosen} and --out {self.out}: its extension means another format")
        return chosen or "text"

    def check_workers(self, trust: bool) -> None:
        """Refuse options for workers that contradict others.

        Raises:
            NinError: names the options that contradict each other.
        """
        if not self.has_workers:
            return
        if self.workers and self.scheduler:
            raise NinError("--workers and --scheduler: choose one")
        given = "--workers" if self.workers else "--scheduler"
        if self.out is None:
            raise NinError(f"{given} needs a file to write to: --out predictions.csv")
        if trust:
            raise NinError(f"{given} and --trust: workers do not run custom code")
        from nin.cluster import check_cluster

        check_cluster(self.scheduler)

    @property
    def has_workers(self) -> bool:
        """Whether other processes make the predictions."""
        return self.workers is not None or self.scheduler is not None

    @property
    def choices(self) -> dict[str, Any]:
        """What a prediction depends on, apart from the network and the picture."""
        return {"top": self.top, "min_probability": self.min_probability}

    def ranks(self, classes: int) -> int:
        """For how many of the likeliest classes a table has further columns; 0 for none."""
        return min(self.top, classes) if self.top > 1 or self.min_probability else 0


@with_options(PredictOptions)
def predict(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory or an exported file.")
    ],
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Image files; folders, with their subfolders; shards (.tar, .parquet); URLs of"
            " these; - for"
            " paths on standard input.",
        ),
    ],
    *,
    options: PredictOptions,
    skip_bad: SkipBad = False,
    trust: TrustFile = False,
) -> None:
    """Classify images: the most likely classes of each, with probabilities."""
    from nin.inference.engines import format_of
    from nin.inference.predicted_files import PredictedFiles, counted_images

    form = options.format()
    options.check_workers(trust)
    run = expand(run)
    format_of(run)
    predicted = PredictedFiles(_found(sources), skip_bad=skip_bad)
    if options.out is None:
        _print(predicted, form, run, options, trust)
    else:
        write = _write_by_workers if options.has_workers else partial(_write, trust=trust)
        write(predicted, expand(options.out), run, options)
        typer.echo(printable(f"predictions for {counted_images(predicted.count)}: {options.out}"))
    if predicted.unreadable:
        typer.echo(f"{'' if skip_bad else 'nin: '}{predicted.unreadable_line()}", err=True)
        raise typer.Exit(0 if skip_bad else INCOMPLETE)


def _found(sources: list[str]) -> list[str]:
    """The images among the sources; prints a note about files that are not images."""
    from nin.inference.picture_sources import find_pictures

    files, left_out = find_pictures(sources)
    if left_out:
        counts = (f"{printable(why)} {count:,}" for why, count in sorted(left_out.items()))
        typer.echo(f"left out: {', '.join(counts)}", err=True)
    return files


def _print(
    predicted: PredictedFiles, form: Form, run: Path, options: PredictOptions, trust: bool
) -> None:
    """Print the predictions; on Ctrl-C, a message says how many were made."""
    from nin.exporting import Predictor
    from nin.inference.predicted_files import counted_images
    from nin.inference.prediction_lines import lines

    predictor = Predictor(run, trust=trust)
    # In a terminal, the predictions themselves show the progress.
    rows = predicted.predictions(predictor, **options.choices, visible=not sys.stdout.isatty())
    try:
        for line in lines(rows, form, options.ranks(len(predictor.classes))):
            if sys.stdout.isatty():  # Names must not control the terminal.
                line = "\n".join(map(printable, line.split("\n")))
            # Elsewhere they stay unchanged; without `color`, typer removes whatever looks like one.
            typer.echo(line, nl=False, color=True)
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(
            f"stopped: {predicted.count:,} of {counted_images(len(predicted.files))} predicted"
        ) from stop


def _write(
    predicted: PredictedFiles, out: Path, run: Path, options: PredictOptions, trust: bool
) -> None:
    """Write the predictions of this process to a file."""
    from nin.exporting import Predictor
    from nin.inference.batch.batch_job import fingerprint
    from nin.inference.batch.missing_parts import predict_here
    from nin.inference.batch.prediction_file import predict_to_file

    predictor = Predictor(run, trust=trust)
    predict_to_file(
        out,
        predicted,
        fingerprint(predictor.path, predicted.files, **options.choices),
        partial(predict_here, predictor=predictor, errors=predicted.errors, **options.choices),
        options.ranks(len(predictor.classes)),
    )


def _write_by_workers(
    predicted: PredictedFiles, out: Path, run: Path, options: PredictOptions
) -> None:
    """Write the predictions of other processes to a file."""
    from nin.cluster import cluster
    from nin.exporting.on_demand import kept_export
    from nin.inference import FilePredictor
    from nin.inference.batch.batch_job import batch_job, fingerprint
    from nin.inference.batch.missing_parts import predict_on_workers
    from nin.inference.batch.prediction_file import predict_to_file

    predictor = FilePredictor(kept_export(run), threads=1)
    job = batch_job(predictor.path, predicted.files, **options.choices, errors=predicted.errors)

    def predict_missing(parts: PredictionParts, advance: Callable[[int], None]) -> None:
        if parts.missing():
            with cluster(options.scheduler, options.workers or 1) as client:
                predict_on_workers(parts, client, job, advance)

    predict_to_file(
        out,
        predicted,
        fingerprint(run, predicted.files, **options.choices),
        predict_missing,
        options.ranks(len(predictor.classes)),
    )
