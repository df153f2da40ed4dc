"""What `nin compare` and `nin ablate` share: their options and their output."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nin.cli.shared_options import AsJson, Jobs, Scheduler
from nin.cluster import check_cluster, joblib_workers
from nin.errors import NinError

if TYPE_CHECKING:
    from nin.study import Comparison
    from nin.study.trials.contender import EvaluationPart
    from nin.training import Recipe


@dataclass(frozen=True)
class StudyOptions:
    """The options that both commands have, in the order in which help lists them."""

    data: Annotated[
        str | None,
        typer.Option(
            help="A named data set, a folder, shards or an .npz file; default: fashion-mnist."
        ),
    ] = None
    seeds: Annotated[
        int | None,
        typer.Option(
            help="Trainings per network that are evaluated, each with its own seed; default: 5, or"
            " one per fold."
        ),
    ] = None
    folds: Annotated[
        int | None,
        typer.Option(
            help="Cross-validate: divide all images into this many folds, and test on each in turn."
        ),
    ] = None
    groups: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX", help="Keep images together if this finds the same text in their paths."
        ),
    ] = None
    epochs: Annotated[
        int | None,
        typer.Option(help="Passes over the training images, the same for all; default: 3."),
    ] = None
    budget: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Training time per network, in place of --epochs."),
    ] = None
    image_size: Annotated[
        int | None,
        typer.Option(
            help="Side in pixels to resize images to; default: as stored, or the smallest"
            " that all networks can take."
        ),
    ] = None
    limit: Annotated[
        int | None, typer.Option(help="Use only this many training images; default: all.")
    ] = None
    batch_size: Annotated[
        int | None, typer.Option(help="Images per training step; default: 64.")
    ] = None
    rates: Annotated[
        str | None,
        typer.Option(
            help="Learning rates to choose from, separated by commas; default: 0.0003,0.001,0.003."
        ),
    ] = None
    search_share: Annotated[
        float,
        typer.Option(
            help="Length of the trainings that choose a learning rate, as a share of the others."
        ),
    ] = 1.0
    jobs: Jobs = None
    scheduler: Scheduler = None
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path()
    no_measure: Annotated[
        bool, typer.Option("--no-measure", help="Do not measure images/s and peak memory.")
    ] = False
    as_json: AsJson = False

    def recipe(self) -> Recipe:
        """How all networks are trained."""
        from nin.study.preparation import RECIPE
        from nin.training.recipe_fields import not_none

        return RECIPE.revised(**not_none(**self.given()))

    def given(self) -> dict[str, Any]:
        """Recipe fields and the values given for them; None if none was given."""
        names = ("data", "epochs", "image_size", "limit", "batch_size", "folds", "groups")
        return {name: getattr(self, name) for name in names}


def as_rates(words: str | None) -> list[float] | None:
    """The numbers in ``0.0003,0.001``; None if there is no text."""
    if words is None:
        return None
    try:
        return [float(word) for word in words.split(",")]
    except ValueError:
        raise NinError(f"--rates {words[:40]}: give numbers, such as 0.0003,0.001,0.003") from None


def run_study(networks: Sequence[Any], title: str, options: StudyOptions) -> None:
    """Compare networks, by name or as contenders, on test images, and print the result."""
    from nin.study.preparation import RATES

    run_trials(networks, title, options, options.recipe(), RATES, "test")


def run_trials(
    networks: Sequence[Any],
    title: str,
    options: StudyOptions,
    recipe: Recipe,
    usual_rates: Sequence[float],
    judged_on: EvaluationPart,
) -> None:
    """Compare networks trained by `recipe`, at `usual_rates` unless the options give others."""
    from nin.study.preparation import SEEDS, check

    rates = as_rates(options.rates) or usual_rates
    if options.budget is not None and options.epochs is not None:
        raise NinError("--epochs and --budget: choose one")
    if options.search_share != 1 and len(rates) == 1:
        raise NinError("--search-share: a single rate is not searched for: give several --rates")
    seeds = (SEEDS if recipe.folds is None else 1) if options.seeds is None else options.seeds
    if options.scheduler is not None:
        if options.jobs is not None:
            raise NinError("--jobs and --scheduler: choose one")
        check_cluster(options.scheduler)
    budget, share = options.budget, options.search_share
    contenders = check(networks, recipe, options.out, rates, seeds, budget, judged_on, share)
    with nullcontext() if options.scheduler is None else joblib_workers(options.scheduler):
        from nin.study import compare

        comparison = compare(
            contenders,
            recipe,
            out=options.out,
            title=title,
            rates=rates,
            seeds=seeds,
            seconds=budget,
            jobs=options.jobs,
            measured=not options.no_measure,
            judged_on=judged_on,
            search_share=share,
        )
    if options.as_json:
        typer.echo(json.dumps(comparison.model_dump()))
    else:
        print_comparison(comparison, options.out)


def print_comparison(comparison: Comparison, out: Path) -> None:
    """Print a line per network, the conclusion, and where the files are."""
    from nin.study.report.report_page import FILES
    from nin.study.results.report_text import accuracy, count

    width = max(len(row.net) for row in comparison.rows)
    group = ""
    for row in comparison.rows:
        if row.group != group:
            group = row.group
            typer.echo(group)
        parameters, multiply_adds = row.cost.parameters.total, count(row.cost.multiply_adds)
        typer.echo(
            f"{row.net:<{width}}  {accuracy(row.accuracies):<13}  {parameters:>11,} parameters"
            f"  {multiply_adds:>6} multiply-adds"
            + ("  on the Pareto front" if row.on_front else "")
            + (f"  {row.died} died" if row.died else "")
        )
    typer.echo(comparison.answer)
    typer.echo("written: " + ", ".join(str(out / name) for name in FILES))
