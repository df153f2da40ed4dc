"""`nin sweep`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from nin.cli.recipe_options import RecipeOptions
from nin.cli.shared_options import AsJson, Jobs, Scheduler, with_options
from nin.cli.study import as_rates, print_comparison
from nin.cluster import check_cluster, joblib_workers
from nin.errors import NinError

if TYPE_CHECKING:
    from nin.study import Comparison


@dataclass(frozen=True)
class SweepOptions:
    """How to train each combination, and where to put the results, in the order of the help."""

    seeds: Annotated[
        int, typer.Option(help="Trainings per combination, each with its own seed.")
    ] = 5
    budget: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Training time per combination, in place of epochs."),
    ] = None
    equal: Annotated[
        Literal["parameters", "multiply-adds"] | None,
        typer.Option(
            help="Choose each network's width so that all have as many parameters, or"
            " multiply-adds, as the recipe's."
        ),
    ] = None
    rates: Annotated[
        str | None,
        typer.Option(
            help="Learning rates to choose from for each combination; default: the recipe's."
        ),
    ] = None
    jobs: Jobs = None
    scheduler: Scheduler = None
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("runs/sweep")
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure images/s and peak memory of each network.")
    ] = False
    yes: Annotated[
        bool, typer.Option("--yes", help="Start without confirmation, however long it takes.")
    ] = False

    def settings(self) -> dict[str, Any]:
        """The arguments that `plan_sweep` and `nin.sweep` have in common."""
        return {
            "out": self.out,
            "rates": as_rates(self.rates),
            "seeds": self.seeds,
            "seconds": self.budget,
            "judged_on": "test",
        }


@with_options(SweepOptions)
@with_options(RecipeOptions, "recipe")
def sweep(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE|FOLDER]",
            help="What to vary: a recipe (digits, fashion28, …), a data set, or a folder.",
        ),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE,…",
            help="A factor and its values, such as width=0.5,1,2: most fields of a recipe; width,"
            " depth or head; or window, kernel_size, activation, … of all stages. Give it more than"
            " once to train all combinations.",
        ),
    ] = None,
    *,
    recipe: RecipeOptions,
    options: SweepOptions,
    as_json: AsJson = False,
) -> None:
    """Train every combination of some values over several seeds, to see what each is worth."""
    given, varied = recipe.given(), as_vary(vary or [])
    _check(given, varied, options)
    found = _run(what, given, varied, options)
    if as_json:
        typer.echo(json.dumps(found.model_dump()))
    else:
        print_comparison(found, options.out)


def _check(given: Mapping[str, Any], varied: Mapping[str, Any], options: SweepOptions) -> None:
    if options.scheduler is not None and options.jobs is not None:
        raise NinError("--jobs and --scheduler: choose one")
    if options.budget is not None and "epochs" in given:
        raise NinError("--epochs and --budget: choose one")
    if options.rates is not None and "learning_rate" in given:
        raise NinError("--lr and --rates: choose one")
    if "seed" in given:
        raise NinError("--seed: a sweep has several seeds: give --seeds")
    if twice := sorted(given.keys() & varied.keys()):
        raise NinError(
            f"--vary {twice[0]}: it is given a fixed value as well: give only one of the two"
        )


def _run(
    what: str | None,
    given: dict[str, Any],
    varied: dict[str, list[str]],
    options: SweepOptions,
) -> Comparison:
    from nin.study.sweeps.factorial import plan_sweep

    settings, scheduler = options.settings(), options.scheduler
    # A mistake is found before anything heavy is imported.
    plan_sweep(what, varied, **settings, options=given)
    if scheduler is not None:
        check_cluster(scheduler)
    with nullcontext() if scheduler is None else joblib_workers(scheduler):
        from nin.study.sweeps.factorial import sweep as run_sweep

        return run_sweep(
            what,
            varied,
            **settings,
            equal=options.equal,
            jobs=options.jobs,
            measured=options.measure,
            consent=None if options.yes else has_consent,
            **given,
        )


def as_vary(words: list[str]) -> dict[str, list[str]]:
    """``width=0.5,1`` as a name and its values.

    Raises:
        NinError: there are no values, or a name is given twice.
    """
    found: dict[str, list[str]] = {}
    for word in words:
        name, _, values = word.partition("=")
        name = {"lr": "learning_rate"}.get(name.strip(), name.strip().replace("-", "_"))
        each = [value.strip() for value in values.split(",")]
        if not name or not all(each):
            raise NinError(f"--vary {word}: give a name and values, such as width=0.5,1,2")
        if name in found:
            raise NinError(f"--vary {name} is given twice: give all its values at once")
        found[name] = each
    return found


def has_consent(description: str, seconds: float | None, trainings: int) -> bool:
    """Ask for confirmation of a long sweep in a terminal; elsewhere refuse a large one."""
    from nin.study.sweeps.factorial import LONG, MANY

    if trainings <= MANY and (seconds or 0) <= LONG:
        return True
    if sys.stdin.isatty():
        return typer.confirm(f"{description}. Begin?", err=True)
    return trainings <= MANY
