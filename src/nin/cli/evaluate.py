"""`nin evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nin.training import Evaluation


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")],
    data: Annotated[
        str | None, typer.Option(help="Data set or folder; default: the run's own.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File for the confusion matrix; default: confusion.png in RUN."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out images that cannot be read.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Evaluate a run: accuracy, loss, recall and precision per class, confusion matrix."""
    from nin.training import load
    from nin.training.figures import save_confusion

    split, evaluation = load(run).evaluate(data, skip_bad=skip_bad, verbose=True)
    picture = out or run / "confusion.png"
    save_confusion(picture, evaluation, f"{run}: {evaluation.n:,} {split} images")
    if as_json:
        report = {
            "split": split,
            **evaluation.summary(),
            "per_class": evaluation.per_class(),
            "confusion": evaluation.confusion.tolist(),
            "picture": str(picture),
        }
        typer.echo(json.dumps(report))
    else:
        _print(evaluation, split, picture)


def _print(evaluation: Evaluation, split: str, picture: Path) -> None:
    from nin.training.run_result import result_line

    wide = max(len(name) for name in (*evaluation.classes, "class"))
    typer.echo(f"{'class':<{wide}}      n  recall  precision")
    for row in evaluation.per_class():
        recall, precision = (
            "-" if row[key] is None else f"{row[key]:.3f}" for key in ("recall", "precision")
        )
        typer.echo(f"{row['class']:<{wide}}  {row['n']:>5}  {recall:>6}  {precision:>9}")
    typer.echo(result_line({"split": split, **evaluation.summary()}))
    typer.echo(f"loss {evaluation.loss:.4f}")
    typer.echo(f"confusion matrix: {picture}")
