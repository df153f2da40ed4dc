"""`nin evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nin.cli.shared_options import AsJson, SkipBad, TrustRun
from nin.files import expand
from nin.names import printable

if TYPE_CHECKING:
    from nin.training import Evaluation, Run
    from nin.training.runs.evaluation_images import EvaluationImages


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")],
    data: Annotated[
        str | None,
        typer.Option(
            help="Another data set, folder, shards or .npz; default: the run's own images."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for tables and pictures; default: in RUN/evaluations."),
    ] = None,
    skip_bad: SkipBad = False,
    trust: TrustRun = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate a run: accuracy, recall and precision per class, calibration, mistakes."""
    from nin.training import load
    from nin.training.runs import evaluation_report as report
    from nin.training.runs.data_notes import show_found, unreadable_note
    from nin.training.runs.evaluation import evaluate_images

    opened = load(run, trust=trust)
    out = None if out is None else expand(out)
    if out is not None:
        report.check_out(out, {"run": report.subject(opened).run})
    else:
        report.check_run(opened)
    images = opened.images.for_evaluation(data, skip_bad=skip_bad)
    show_found(images.data, divided=images.part != "all")
    for note in images.notes():
        typer.echo(printable(note), err=True)
    about = report.subject(opened, images)
    if out is not None:
        report.check_out(out, about.identity)
    evaluation = evaluate_images(opened.model, images, opened.classes, verbose=True)
    if (left_out := unreadable_note(images.data)) is not None:
        typer.echo(left_out, err=True)
    folder = out or report.report_folder(opened, about)
    report.write_report(folder, about, evaluation)
    _draw_mistakes(opened, evaluation, folder / report.SHEET)
    if as_json:
        details = {"split": images.part, "data": images.report()}
        typer.echo(json.dumps({**details, **report.record(evaluation), **_files(folder)}))
    else:
        _print(evaluation, images, folder)


def _draw_mistakes(run: Run, evaluation: Evaluation, picture: Path) -> None:
    from nin.maps.contact_sheet import MARK, draw_mistakes
    from nin.maps.picture import save
    from nin.models.geometry import has_class_maps

    sheet = draw_mistakes(run, evaluation, has_class_maps(run.model.whole_net()))
    if sheet is not None:
        save(sheet, picture, MARK)


def _files(folder: Path) -> dict[str, Any]:
    from nin.training.runs.evaluation_report import CONFUSION, MISTAKES

    return {
        "folder": str(folder),
        "picture": str(folder / CONFUSION),
        "mistakes": str(folder / MISTAKES),
    }


def _print(evaluation: Evaluation, images: EvaluationImages, folder: Path) -> None:
    from nin.training.runs import evaluation_report as report
    from nin.training.runs.run_result import result_line

    wide = max(len(printable(name)) for name in (*evaluation.classes, "class"))
    typer.echo(f"{'class':<{wide}}      n  {'recall':<21}  precision")
    for row in evaluation.per_class():
        recall, precision = (_share(row, name) for name in ("recall", "precision"))
        name = printable(row["class"])
        typer.echo(f"{name:<{wide}}  {row['n']:>5}  {recall:<21}  {precision}".rstrip())
    other = images.source if images.is_other else None
    typer.echo(result_line(evaluation.summary(), images.part, other))
    typer.echo(f"loss {evaluation.loss:.4f}  calibration error {evaluation.calibration_error:.3f}")
    count = len(evaluation.mistakes())
    worst = f", the worst in {report.SHEET}" if count else ""
    typer.echo(printable(f"{count:,} mistakes: {folder / report.MISTAKES}{worst}"))
    typer.echo(printable(f"confusion matrix: {folder / report.CONFUSION}"))


def _share(row: dict[str, Any], name: str) -> str:
    """``0.923 [0.667, 0.986]``."""
    if row[name] is None:
        return "-"
    low, high = row[f"{name}_interval"]
    return f"{row[name]:.3f} [{low:.3f}, {high:.3f}]"
