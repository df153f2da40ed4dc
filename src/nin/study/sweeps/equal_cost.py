"""Networks of equal cost: each has the width at which it costs as much as the recipe's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

from nin.accounting.cost import Cost, count_cost
from nin.errors import Argument, NinError
from nin.networks.lookup import find_network
from nin.networks.network_source import is_custom
from nin.study.trials.contender import Contender
from nin.training.recipe import Recipe, network_of

#: What can be made equal.
Equal = Literal["parameters", "multiply-adds"]
#: Relative differences in cost: one that is near enough, and one that is too large to call equal.
_NEAR, _FAR = 0.002, 0.1
#: The smallest width to try: `NiN` does not accept 0.
_NARROWEST = 0.0001
#: How many widths to try at most; channels are whole numbers, so more would change nothing.
_MOST_TRIED = 12

Shape = tuple[int, int, int]


def at_equal_cost(
    contenders: Sequence[Contender],
    recipe: Recipe,
    equal: Equal,
    classes: int,
    shape_of: Callable[[Contender], Shape],
) -> list[Contender]:
    """`contenders`, each with the width at which it costs as much as the recipe's own network.

    Args:
        contenders: NiNs.
        recipe: its network sets the cost.
        equal: what is to be equal.
        classes: number of logits.
        shape_of: returns (height, width, channels) of the input of a contender's first layer.

    Raises:
        NinError: a network is not a NiN or has pretrained weights, its width is a factor, or no
            width makes it cost as much.
    """
    if equal not in _COSTS:
        known = " or ".join(_COSTS)
        raise NinError(f"what can be equal is {known}", about=Argument("equal", equal))
    if "width" in {name for each in contenders for name in each.levels or {}}:
        raise NinError(
            f"width cannot be varied where {equal} are equal: it is what makes them so",
            about=Argument("equal", equal),
        )
    if is_custom(recipe.preset) or any(each.net != "NiN" for each in contenders):
        raise NinError("only a NiN has a width to be chosen", about=Argument("equal", equal))
    presets = {each.arguments["preset"] for each in contenders if "preset" in each.arguments}
    if fixed := sorted(each for each in presets if find_network(each).pretrained):
        raise NinError(
            f"{fixed[0]} has the width of its pretrained weights", about=Argument("equal", equal)
        )
    measure = _COSTS[equal]
    own = Contender("", *network_of(recipe))
    wanted = measure(count_cost(own.make(classes), shape_of(own)))
    return [_fitted(each, measure, wanted, classes, shape_of(each)) for each in contenders]


def _fitted(
    contender: Contender, measure: Callable[[Cost], int], wanted: int, classes: int, shape: Shape
) -> Contender:
    """The contender at the best width found: a cost grows about as the square of the width."""
    tried: dict[float, int] = {}
    width = float(contender.arguments.get("width", 1.0))
    while width not in tried and len(tried) < _MOST_TRIED:
        made = contender._replace(arguments={**contender.arguments, "width": width})
        tried[width] = cost = measure(count_cost(made.make(classes), shape))
        if abs(cost - wanted) <= _NEAR * wanted:
            return made
        width = max(_NARROWEST, round(width * math.sqrt(wanted / cost), 4))
    best = min(tried, key=lambda each: abs(tried[each] - wanted))
    if abs(tried[best] - wanted) > _FAR * wanted:
        raise NinError(
            f"{contender.name}: no width makes it cost {wanted:,}; the nearest is {tried[best]:,}"
        )
    return contender._replace(arguments={**contender.arguments, "width": best})


_COSTS: dict[str, Callable[[Cost], int]] = {
    "parameters": lambda cost: cost.parameters.total,
    "multiply-adds": lambda cost: cost.multiply_adds,
}
