"""`nin evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nin.names import printable

if TYPE_CHECKING:
    from nin.training import Evaluation
    from nin.training.judged_images import JudgedImages


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")],
    data: Annotated[
        str | None,
        typer.Option(help="Other data, a set or a folder; default: the run's own images."),
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
    from nin.training import evaluate as evaluate_model
    from nin.training import load
    from nin.training.dataset import show_found
    from nin.training.figures import save_confusion

    opened = load(run)
    judged = opened.images.judged(data, skip_bad=skip_bad)
    show_found(judged.data, divided=judged.part != "all")
    for note in judged.notes():
        typer.echo(printable(note), err=True)
    evaluation = evaluate_model(opened.model, judged.split, opened.classes)
    picture = out or run / "confusion.png"
    save_confusion(picture, evaluation, f"{run}: {evaluation.n:,} {judged.part} images")
    if as_json:
        report = {
            "split": judged.part,
            "data": judged.report(),
            **evaluation.summary(),
            "per_class": evaluation.per_class(),
            "confusion": evaluation.confusion.tolist(),
            "picture": str(picture),
        }
        typer.echo(json.dumps(report))
    else:
        _print(evaluation, judged, picture)


def _print(evaluation: Evaluation, judged: JudgedImages, picture: Path) -> None:
    from nin.training.run_result import result_line

    names = [printable(name) for name in evaluation.classes]
    wide = max(len(name) for name in (*names, "class"))
    typer.echo(f"{'class':<{wide}}      n  recall  precision")
    for name, row in zip(names, evaluation.per_class(), strict=True):
        recall, precision = (
            "-" if row[key] is None else f"{row[key]:.3f}" for key in ("recall", "precision")
        )
        typer.echo(f"{name:<{wide}}  {row['n']:>5}  {recall:>6}  {precision:>9}")
    other = judged.source if judged.is_other else None
    typer.echo(result_line({"split": judged.part, "other": other, **evaluation.summary()}))
    typer.echo(f"loss {evaluation.loss:.4f}")
    typer.echo(f"confusion matrix: {printable(picture)}")
