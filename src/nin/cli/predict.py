"""`nin predict`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nin.errors import NinError
from nin.names import printable

if TYPE_CHECKING:
    from nin.exporting import Predictor
    from nin.inference.answer_lines import Form

#: Exit code where some pictures could not be read.
INCOMPLETE = 1
#: Unreadable pictures that are named at the end.
_NAMED = 10


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
        typer.Option("--trust", help="Open a SavedModel, which can do anything that you can."),
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
    answers = _Answers(files, skip_bad)
    rows = answers.of(predictor, top, min_probability, is_shown=out is None)
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
            f"stopped: {answers.given:,} of {_images(len(files))} answered{where}"
        ) from stop
    if out is not None:
        typer.echo(printable(f"{_images(answers.given)} answered: {out}"))
    if answers.bad:
        typer.echo(answers.complaint(), err=True)
        raise typer.Exit(0 if skip_bad else INCOMPLETE)


class _Answers:
    """Answers about files, while what cannot be read is remembered."""

    def __init__(self, files: list[str], skip_bad: bool) -> None:
        self.files, self.skip_bad = files, skip_bad
        self.given = 0
        self.bad: list[str] = []

    def of(
        self, predictor: Predictor, top: int, min_probability: float, is_shown: bool
    ) -> Iterator[dict[str, Any]]:
        from nin.progress import progress

        # A single picture that cannot be read is a mistake, as a file that is not there.
        is_alone = len(self.files) == 1 and not self.skip_bad
        found = predictor.predict_files(
            self.files,
            top,
            min_probability=min_probability,
            errors="raise" if is_alone else "yield",
        )
        # Where answers run down a terminal, they are progress enough.
        is_visible = not (is_shown and sys.stdout.isatty())
        with progress("images", len(self.files), patience=2.0, visible=is_visible) as advance:
            for answer in found:
                advance(1)
                if "error" not in answer:
                    self.given += 1
                else:
                    self.bad.append(printable(f"{answer['file']}: {answer['error']}"))
                    if self.skip_bad:
                        continue
                yield answer

    def complaint(self) -> str:
        """What could not be read, in one line."""
        more = f"; and {len(self.bad) - _NAMED} more" if len(self.bad) > _NAMED else ""
        named = "; ".join(self.bad[:_NAMED]) + more
        if self.skip_bad:
            return f"left out {_images(len(self.bad), 'unreadable ')}: {named}"
        return f"nin: {len(self.bad):,} of {_images(len(self.files))} cannot be read: {named}"


def _images(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}image{'' if count == 1 else 's'}"


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
