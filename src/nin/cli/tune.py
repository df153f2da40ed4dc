"""`nin tune`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nin.cli.recipe_options import RecipeOptions
from nin.cli.shared_options import AsJson, with_options
from nin.cli.study import print_comparison
from nin.cli.sweep import as_vary
from nin.errors import NinError

if TYPE_CHECKING:
    from nin.study import Comparison


@dataclass(frozen=True)
class TuneOptions:
    """What to search, for how long, and where to put the results, in the order of the help."""

    minutes: Annotated[
        float, typer.Option(help="Minutes for the search, including those of earlier calls.")
    ] = 30.0
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUES",
            help="Search these values in place of those that the recipe declares:"
            " dropout=0,0.3,0.5 for a choice, lr=0.0003..0.01 for a range.",
        ),
    ] = None
    sampler: Annotated[
        str,
        typer.Option(
            help="How to choose values: tpe, random, or grid for all combinations; 100 combinations"
            " or fewer are always a grid."
        ),
    ] = "tpe"
    seeds: Annotated[
        int, typer.Option(help="Seeds with which the best values are compared with the recipe's.")
    ] = 3
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Final trainings to run at the same time; default: 1."),
    ] = None
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("runs/tune")

    def settings(self) -> dict[str, Any]:
        """The arguments that `plan_tuning` and `nin.tune` have in common."""
        return {
            "minutes": self.minutes,
            "space": as_space(self.vary or []) or None,
            "sampler": self.sampler,
            "seeds": self.seeds,
            "out": self.out,
        }


@with_options(TuneOptions)
@with_options(RecipeOptions, "recipe")
def tune(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE|FOLDER]",
            help="What to tune: a recipe (digits, fashion28, …), a data set, or a folder.",
        ),
    ] = None,
    *,
    recipe: RecipeOptions,
    options: TuneOptions,
    as_json: AsJson = False,
) -> None:
    """Search for better values of a recipe, and measure their gain once, on test images."""
    from nin.study.tuning.space_choice import plan_tuning

    given, settings = recipe.given(), options.settings()
    if "seed" in given:
        raise NinError("--seed: tuning has several seeds: give --seeds")
    # A mistake is found before anything heavy is imported.
    plan_tuning(what, **settings, options=given)
    from nin.study.tuning.tuning import tune as run_tuning

    found = run_tuning(what, **settings, jobs=options.jobs, **given)
    if as_json:
        typer.echo(json.dumps(found.model_dump()))
    else:
        print_comparison(found, options.out)
        _print_best(found)


def _print_best(found: Comparison) -> None:
    assert found.tuning is not None
    for name, value in found.tuning.best.items():
        own = found.tuning.defaults[name]
        typer.echo(f"{name.replace('_', ' ')}: {value}" + ("" if value == own else f" (was {own})"))


def as_space(words: list[str]) -> dict[str, Any]:
    """``lr=0.001..0.01`` as a range, ``lr=0.001,0.01`` as values.

    Raises:
        NinError: a range is not two numbers, the higher one last.
    """
    from nin.study.tuning.spaces import Range

    found: dict[str, Any] = {}
    for name, values in as_vary(words).items():
        if len(values) == 1 and ".." in values[0]:
            ends = values[0].split("..")
            try:
                low, high = (_number(end) for end in ends)
            except ValueError:
                low = high = 0
            if low >= high:
                raise NinError(f"--vary {name}={values[0]}: give two numbers, such as 0.001..0.01")
            found[name] = Range(low, high, log=low > 0 and high / low >= 10)
        else:
            found[name] = values
    return found


def _number(word: str) -> float:
    return int(word) if word.lstrip("-").isdecimal() else float(word)
