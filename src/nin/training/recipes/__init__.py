"""The recipes, one per file."""

from __future__ import annotations

from nin.errors import UnknownNameError
from nin.training.recipe import Recipe
from nin.training.recipes.book import BOOK
from nin.training.recipes.chapter import CHAPTER
from nin.training.recipes.digits import DIGITS
from nin.training.recipes.fashion import FASHION
from nin.training.recipes.paper import (
    CIFAR10,
    CIFAR10_DEEP,
    CIFAR100,
    FASHION28,
    FASHION28_DEEP,
    MNIST,
    SVHN,
)
from nin.training.recipes.photos import FROM_SCRATCH, PHOTOS

RECIPES: dict[str, Recipe] = {
    made.name: made
    for made in (
        *(BOOK, CHAPTER, DIGITS, FASHION28_DEEP, FASHION28, FASHION),
        *(CIFAR10_DEEP, CIFAR10, CIFAR100, SVHN, MNIST, PHOTOS, FROM_SCRATCH),
    )
}


def find_recipe(name: str) -> Recipe:
    """The recipe called `name`.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in RECIPES:
        raise UnknownNameError("recipe", name, RECIPES)
    return RECIPES[name]
