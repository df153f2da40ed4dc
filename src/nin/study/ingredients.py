"""What each ingredient of a recipe is worth: the recipe with one added or removed at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

from nin.errors import Advice, Argument, NinError, RecipeError
from nin.networks.lookup import find_network, known_stages
from nin.networks.network_source import is_custom
from nin.networks.stages import with_ingredients
from nin.study.trials.contender import Contender
from nin.training.preflight import check_network
from nin.training.recipe import Recipe, network_of

#: Name of the recipe that every other row differs from.
BASE = "the recipe"


class Ingredient(NamedTuple):
    """Something that a recipe may have.

    Attributes:
        name: in a few words.
        present: recipe fields that add it, at a usual strength.
        absent: recipe fields that remove it; fields that are None mean the same.
        needs: recipe fields without which it would have no effect.
    """

    name: str
    present: dict[str, Any]
    absent: dict[str, Any]
    needs: tuple[str, ...] = ()


INGREDIENTS = (
    Ingredient("batch normalisation", {"batch_norm": True}, {"batch_norm": False}),
    Ingredient("average pooling", {"pooling": "average"}, {"pooling": "max"}),
    Ingredient("weight averages", {"ema_momentum": 0.998}, {"ema_momentum": 0.0}),
    Ingredient("weight decay", {"weight_decay": 0.2}, {"weight_decay": 0.0}),
    Ingredient(
        "decay of kernels alone", {"decay_biases": False}, {"decay_biases": True}, ("weight_decay",)
    ),
    Ingredient("label smoothing", {"label_smoothing": 0.1}, {"label_smoothing": 0.0}),
    Ingredient("mirror images", {"flip": True}, {"flip": False}),
    Ingredient("shifts", {"shift": 2}, {"shift": 0}),
    Ingredient("random crops", {"crop": 0.6}, {"crop": 1.0}),
    Ingredient("erasing", {"erasing": 0.3}, {"erasing": 0.0}),
    Ingredient("mixup", {"mixup": 0.2}, {"mixup": 0.0}),
    Ingredient("CutMix", {"cutmix": 1.0, "mixup_prob": 0.5}, {"cutmix": 0.0}),
    Ingredient("warm-up", {"warmup": 100}, {"warmup": 0}),
    Ingredient("clipped gradients", {"clip_norm": 1.0}, {"clip_norm": 0.0}),
    Ingredient("a cosine schedule", {"schedule": "cosine"}, {"schedule": "constant"}),
)


def ingredient_contenders(recipe: Recipe) -> list[Contender]:
    """The recipe as it is, then one variant per ingredient: removed, or added if it is not there.

    Variants that the recipe's network does not support are left out.

    Args:
        recipe: the recipe to vary.

    Raises:
        NinError: the recipe's network has pretrained weights, or cannot be trained by it.

    Example:
        >>> [each.name for each in nin.ingredient_contenders(nin.RECIPES["digits"])][:4]
        ['the recipe', '+ batch normalisation', '+ average pooling', '+ weight averages']
    """
    if find_network(recipe.preset).pretrained:
        raise NinError(
            f"{recipe.preset} has pretrained weights, and ingredients are those of a training from"
            " fresh ones",
            Advice("choose another {}", Argument("preset")),
        )
    check_network(recipe)
    made = [_contender(BASE, recipe, {})]
    for each in INGREDIENTS:
        if not all(getattr(recipe, name) for name in each.needs):
            continue
        has = any(getattr(recipe, name) not in (value, None) for name, value in each.absent.items())
        changes = each.absent if has else each.present
        if _is_idle(recipe, changes):
            continue
        try:
            check_network(recipe.revised(**changes))
        except RecipeError:
            continue
        made.append(_contender(f"{'−' if has else '+'} {each.name}", recipe, changes))
    return made


def _is_idle(recipe: Recipe, changes: dict[str, Any]) -> bool:
    """Whether these changes would have no effect on a training with this recipe."""
    stages = () if is_custom(recipe.preset) else known_stages(recipe.preset)
    pools = any(getattr(stage, "pool", None) for stage in stages)
    if "batch_norm" in changes and stages and changes["batch_norm"]:
        return with_ingredients(stages, batch_norm=True) == tuple(stages)
    return ("warmup" in changes and recipe.schedule == "constant") or (
        "pooling" in changes and bool(stages) and not pools
    )


def _contender(name: str, recipe: Recipe, changes: dict[str, Any]) -> Contender:
    net, arguments = network_of(recipe.revised(**changes))
    return Contender(name, net, arguments, changes=changes)
