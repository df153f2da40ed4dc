"""What to search, checked before anything heavy is imported."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nin.errors import Argument, NinError, RecipeError
from nin.files import check_folder_writable, expand
from nin.networks.network_source import is_custom
from nin.study.preparation import check_arguments, check_from_scratch, open_evaluated
from nin.study.sweeps.factor_grid import contender_at
from nin.study.sweeps.factors import as_factors, code_arguments
from nin.study.tuning.journal import optuna
from nin.study.tuning.search import SAMPLERS
from nin.study.tuning.spaces import Choice, Range, Space, around, own_value, space_of
from nin.training.recipe import Recipe
from nin.training.recipe_choice import What, chosen_fields, recipe_of

#: About how many values of a range of whole numbers are tried before the search begins.
MOST_TRIED = 1000
#: Values, or a range of values, by field name.
GivenSpace = Mapping[str, Sequence[Any] | Range | Choice]


def plan_tuning(
    what: What,
    *,
    minutes: float,
    space: GivenSpace | None,
    sampler: str,
    seeds: int,
    out: str | Path,
    options: Mapping[str, Any],
) -> tuple[Recipe, Space]:
    """The recipe and what to search; see `tune`. Apart from Optuna, nothing heavy is imported.

    Raises:
        NinError: states in one line what is wrong.
    """
    recipe = recipe_of(what, options)
    check_from_scratch(recipe)
    if not 0 < minutes < math.inf:
        raise NinError("must be above 0", about=Argument("minutes", minutes))
    if sampler not in SAMPLERS:
        known = ", ".join(SAMPLERS)
        raise NinError(f"must be one of {known}", about=Argument("sampler", sampler))
    check_arguments([recipe.learning_rate], seeds, None)
    if recipe.init is not None:
        raise NinError(
            "a tuned network is trained from fresh weights", about=Argument("init", recipe.init)
        )
    if recipe.folds is not None:
        raise NinError(
            "tuning needs a single test part, not folds", about=Argument("folds", recipe.folds)
        )
    searched = space_of(recipe) if not space else _given_space(recipe, space)
    if sampler == "grid" and (ranges := [n for n, e in searched.items() if isinstance(e, Range)]):
        raise NinError(
            f"a grid needs values, but {ranges[0]} has a range: give values for all that is"
            " searched",
            about=Argument("sampler", sampler),
        )
    optuna()
    check_folder_writable(expand(out))
    open_evaluated(recipe)
    fixed = chosen_fields(what, options)
    own = {name: own_value(recipe, name) for name in searched}
    for name, each in searched.items():
        _check_within(recipe, name, each)
        for value in ends(each):
            contender_at(recipe, {**own, name: value}, fixed)
    return recipe, searched


def _check_within(recipe: Recipe, name: str, given: Range | Choice) -> None:
    """Refuse a range of whole numbers that a recipe does not take some of."""
    if isinstance(given, Range) and isinstance(given.low, int) and isinstance(given.high, int):
        step = max(1, (given.high - given.low) // MOST_TRIED)
        for value in range(given.low, given.high + 1, step):
            try:
                recipe.revised(**{name: value})
            except RecipeError as error:
                way = f"{error.args[0]}: give values in place of the range"
                raise NinError(f"{name} {value}: {way}") from error


def _given_space(recipe: Recipe, space: GivenSpace) -> dict[str, Range | Choice]:
    found: dict[str, Range | Choice] = {}
    values = {
        name: ends(given) if isinstance(given, Range | Choice) else given
        for name, given in space.items()
    }
    # All at once: some fields change nothing without another.
    for given, factor in zip(space.values(), as_factors(recipe, values), strict=True):
        is_argument = is_custom(recipe.preset) and factor.name in code_arguments(recipe.preset)
        if is_argument or factor.name not in Recipe.model_fields:
            raise NinError(f"{factor.name} is not a field of a recipe: vary it with nin sweep")
        own = own_value(recipe, factor.name)
        if not isinstance(given, Range):
            found[factor.name] = around(Choice(tuple(factor.values)), own)
        elif own is None:
            raise NinError(f"the recipe has no {factor.name} to put into a range: give values")
        else:
            low, high = factor.values
            found[factor.name] = around(Range(low, high, given.log), own)
    return found


def ends(given: Range | Choice) -> list[Any]:
    """The lowest and the highest value of a range, or all values of a choice."""
    return [given.low, given.high] if isinstance(given, Range) else list(given.values)
