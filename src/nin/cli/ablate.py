"""`nin ablate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nin.cli.shared_options import with_options
from nin.cli.study import StudyOptions, run_study, run_trials
from nin.errors import NinError

#: The word that asks for a recipe's ingredients in place of exercises, and the default recipe.
RECIPE, USUAL = "recipe", "fashion28"


@with_options(StudyOptions, out=Path("runs/ablate"))
def ablate(
    exercises: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EXERCISE...]",
            help="Exercises to run: ones, windows, head, resources, end, family, or 1 to 6;"
            f" default: all. Or: {RECIPE} [NAME], to vary its ingredients; default: {USUAL}.",
        ),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="Network to vary; default: book.")] = None,
    width: Annotated[
        float | None,
        typer.Option(min=0.01, max=4, help="Multiply its number of channels by this; default: 1."),
    ] = None,
    *,
    options: StudyOptions,
) -> None:
    """Measure what a 1×1 convolution, a head, depth, width or a recipe's ingredient is worth.

    The chapter's six exercises are evaluated on test images, ingredients on held-out training
    images. For ingredients the defaults are the recipe's own network, images, epochs, batch size
    and learning rate, in place of those below.
    """
    if exercises and exercises[0] == RECIPE:
        _ablate_recipe(exercises[1:], preset, width, options)
        return
    from nin.study import exercise_contenders

    networks = exercise_contenders(exercises or [], preset or "book", width or 1.0)
    run_study(networks, "The chapter's exercises", options)


def _ablate_recipe(
    names: list[str], preset: str | None, width: float | None, options: StudyOptions
) -> None:
    if len(names) > 1:
        raise NinError(f"{RECIPE} takes one name, not {' '.join(names)}")
    from nin.study import ingredient_contenders
    from nin.training.recipe_choice import recipe_of

    given = {**options.given(), "preset": preset, "width": width}
    recipe = recipe_of(names[0] if names else USUAL, given)
    title = f"The ingredients of {recipe.name}"
    networks = ingredient_contenders(recipe)
    run_trials(networks, title, options, recipe, [recipe.learning_rate], "validation")
