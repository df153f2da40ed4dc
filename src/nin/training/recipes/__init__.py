"""The recipes, one a file."""

from __future__ import annotations

from nin.errors import UnknownNameError
from nin.training.recipe import Recipe
from nin.training.recipes.book import BOOK
from nin.training.recipes.digits import DIGITS
from nin.training.recipes.fashion import FASHION
from nin.training.recipes.photos import PHOTOS

RECIPES: dict[str, Recipe] = {made.name: made for made in (BOOK, DIGITS, FASHION, PHOTOS)}


def recipe(name: str) -> Recipe:
    """The recipe called `name`.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in RECIPES:
        raise UnknownNameError("recipe", name, RECIPES)
    return RECIPES[name]
