"""All combinations of the factors of a sweep, one contender each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from nin.errors import NinError, RecipeError
from nin.networks.lookup import check_size, find_network, known_stages
from nin.networks.network_source import is_custom, source_of
from nin.study.statistics.effects import level_name
from nin.study.sweeps.factors import OF_A_HEAD, Factor, changed_stages, code_arguments
from nin.study.trials.contender import Contender
from nin.training.preflight import check_network, check_pretrained
from nin.training.recipe import Recipe, network_of
from nin.training.starting_recipe import scaled


class Grid:
    """All combinations of some factors.

    Args:
        recipe: the recipe to vary.
        factors: at least one.
        given: fields whose values in the recipe were chosen; see `contender_at`.
    """

    def __init__(
        self, recipe: Recipe, factors: Sequence[Factor], given: Collection[str] = ()
    ) -> None:
        self.recipe, self.factors, self.given = recipe, factors, given

    def __len__(self) -> int:
        return math.prod(len(factor.values) for factor in self.factors)

    @property
    def usual(self) -> dict[str, Any]:
        """The levels of the combination that the others are compared with."""
        return {factor.name: factor.usual for factor in self.factors}

    def contenders(self) -> list[Contender]:
        """One per combination; the last factor varies fastest.

        Raises:
            NinError: the network refuses a value.
        """
        return [self._contender(values) for values in self._combinations()]

    def sample(self, most: int) -> list[Contender]:
        """Up to `most` of them, evenly spaced from the first to the last."""
        count = min(most, len(self))
        places = {each * (len(self) - 1) // max(1, count - 1) for each in range(count)}
        every = enumerate(self._combinations())
        return [self._contender(values) for place, values in every if place in places]

    def _combinations(self) -> itertools.product[tuple[Any, ...]]:
        return itertools.product(*(factor.values for factor in self.factors))

    def _contender(self, values: tuple[Any, ...]) -> Contender:
        names = (factor.name for factor in self.factors)
        return contender_at(self.recipe, dict(zip(names, values, strict=True)), self.given)


def contender_at(
    recipe: Recipe, levels: Mapping[str, Any], given: Collection[str] = ()
) -> Contender:
    """The recipe's network and training with these values of factors.

    Args:
        recipe: the recipe to vary.
        levels: a value for each factor.
        given: fields whose values in the recipe were chosen. The others that are in stored pixels,
            such as the shift, are in proportion to an image size among `levels`.

    Raises:
        NinError: the network refuses one of them.
    """
    name = ", ".join(level_name(*each) for each in levels.items())
    fields = {key: value for key, value in levels.items() if key in Recipe.model_fields}
    others = {key: value for key, value in levels.items() if key not in fields}
    size = fields.get("image_size")
    in_pixels = {} if size is None else scaled(recipe, size)
    usual = {key: value for key, value in in_pixels.items() if key not in given}
    fields = {**usual, **fields}
    if is_custom(recipe.preset) and "preset" not in levels:
        own, fields = _of_custom(recipe, {**usual, **levels})
        _check(recipe.revised(**fields), name)
        return Contender(name, own, {}, changes=fields, levels=dict(levels))
    varied = recipe.revised(**fields)
    _check(varied, name)
    _check_effect(varied, levels, name)
    sides = [] if others else [varied.image_size, varied.crop_size]
    for side in filter(None, sides):
        check_size(varied.preset, side, side)
    net, arguments = network_of(varied)
    if others and net != "NiN":
        raise NinError(f"{name}: {varied.preset} has no stages to change")
    if "head" in others:
        arguments["head"] = others.pop("head")
    if others:
        arguments["stages"] = changed_stages(known_stages(varied.preset), others, name)
        arguments.pop("preset", None)
    return Contender(name, net, arguments, changes=fields, levels=dict(levels))


def _check(recipe: Recipe, name: str) -> None:
    try:
        (check_pretrained if find_network(recipe.preset).pretrained else check_network)(recipe)
    except RecipeError as error:
        raise NinError(f"{name}: {error.args[0]}") from error


def _check_effect(recipe: Recipe, levels: Mapping[str, Any], name: str) -> None:
    """Refuse a factor that pretrained weights, or a frozen trunk, leave without effect."""
    if not find_network(recipe.preset).pretrained:
        return
    wanted = Recipe.model_fields if recipe.finetune else OF_A_HEAD
    if idle := [each for each in levels if each not in wanted]:
        kind = "has pretrained weights" if recipe.finetune else "is frozen"
        raise NinError(f"{name}: {idle[0]} changes nothing where {recipe.preset} {kind}")


def _of_custom(recipe: Recipe, levels: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The custom network's name with its arguments at `levels`, and the fields of the recipe."""
    own = code_arguments(recipe.preset)
    source = source_of(recipe.preset)
    fields = {name: value for name, value in levels.items() if name not in own}
    given = {**source.arguments, **{name: levels[name] for name in levels if name in own}}
    if not given or source.file is None:
        return recipe.preset, fields
    words = ", ".join(f"{name}={value!r}" for name, value in given.items())
    return f"{source.file}:{source.name}({words})", fields
