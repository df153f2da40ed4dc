"""What `nin tune` searches: for each recipe, the fields worth searching and their ranges.

The recipe's own values are always included, so that a search can return to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from nin.networks.lookup import find_network, known_stages
from nin.networks.stages import Stage
from nin.training.recipe import Recipe


class Range(NamedTuple):
    """Numbers from `low` to `high`; integers if both are integers.

    Attributes:
        low: the lowest.
        high: the highest.
        log: whether to search on a logarithmic scale, as for learning rates.
    """

    low: float
    high: float
    log: bool = False


class Choice(NamedTuple):
    """One of some values."""

    values: tuple[Any, ...]


Space = Mapping[str, Range | Choice]

#: For a frozen trunk. Cross-validation chooses the head's regularisation anyway; what is left is
#: the size of the photographs, how they are made square, and whether classes are balanced.
_FROZEN: Space = {
    "image_size": Choice((224, 240, 260, 288, 320)),
    "resize_mode": Choice(("crop", "squash")),
    "balance": Choice(("none", "weights")),
}
_FINETUNED: Space = {
    "learning_rate": Range(2e-5, 2e-3, log=True),
    "weight_decay": Range(1e-4, 0.5, log=True),
    "label_smoothing": Range(0.0, 0.2),
    "crop": Range(0.2, 0.9),
    "epochs": Choice((2, 4, 6, 8)),
    "erasing": Range(0.0, 0.4),
}
#: Searched in every training from fresh weights.
_FROM_SCRATCH: Space = {
    "learning_rate": Range(3e-4, 1e-2, log=True),
    "weight_decay": Range(1e-3, 0.5, log=True),
    "label_smoothing": Range(0.0, 0.2),
    "batch_size": Choice((32, 64, 128, 256)),
}
_SMALL: Space = {**_FROM_SCRATCH, "shift": Range(0, 2)}
_DRAWN: Space = {**_SMALL, "erasing": Range(0.0, 0.4)}
_PHOTOGRAPHED: Space = {
    **_FROM_SCRATCH,
    "shift": Range(0, 6),
    "erasing": Range(0.0, 0.4),
    "cutmix": Range(0.0, 1.0),
}
#: Recipe → its own space.
SPACES: dict[str, Space] = {
    "digits": _SMALL,
    **dict.fromkeys(("book", "chapter", "fashion", "fashion28", "mnist"), _DRAWN),
    **dict.fromkeys(("cifar10", "cifar100", "svhn"), _PHOTOGRAPHED),
}


def space_of(recipe: Recipe) -> dict[str, Range | Choice]:
    """The search space of a recipe, extended to include the recipe's own values.

    Dropout is searched if the network has any.
    """
    network = find_network(recipe.preset)
    if network.pretrained:
        space = _FINETUNED if recipe.finetune else _FROZEN
    else:
        space = SPACES.get(recipe.name, {**_FROM_SCRATCH, "erasing": Range(0.0, 0.4)})
        if own_dropout(recipe) is not None:
            space = {**space, "dropout": Range(0.0, 0.6)}
        if recipe.optimizer == "sgd":
            space = {**space, "learning_rate": Range(5e-3, 0.5, log=True)}
    return {name: around(each, own_value(recipe, name)) for name, each in space.items()}


def own_value(recipe: Recipe, name: str) -> Any:
    """The recipe's value; the network's own if the recipe leaves dropout to the network."""
    value = getattr(recipe, name)
    return own_dropout(recipe) if name == "dropout" and value is None else value


def own_dropout(recipe: Recipe) -> float | None:
    """The dropout rate of the recipe's network; None if it has no dropout."""
    stages = known_stages(recipe.preset)
    shares = [stage.dropout for stage in stages if isinstance(stage, Stage) and stage.dropout]
    return shares[0] if shares and recipe.dropout is None else recipe.dropout


def around(given: Range | Choice, own: Any) -> Range | Choice:
    """`given`, extended to include the recipe's own value."""
    if isinstance(given, Choice):
        return given if own in given.values else Choice((own, *given.values))
    if given.log and own == 0:  # A rate of 0 has no logarithm.
        return Range(own, given.high)
    return given._replace(low=min(given.low, own), high=max(given.high, own))
