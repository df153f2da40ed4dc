"""The recipes, one per file."""

from __future__ import annotations

from pathlib import Path

from nin.data import NAMED
from nin.data.decode_many import are_small_and_grey
from nin.errors import NinError, UnknownNameError
from nin.presets import find_preset
from nin.training.recipe import Recipe
from nin.training.recipes.book import BOOK
from nin.training.recipes.chapter import CHAPTER
from nin.training.recipes.digits import DIGITS
from nin.training.recipes.fashion import FASHION
from nin.training.recipes.photos import FINETUNED, FROM_SCRATCH, PHOTOS, SMALL_GREY

RECIPES: dict[str, Recipe] = {
    made.name: made for made in (BOOK, CHAPTER, DIGITS, FASHION, PHOTOS, FROM_SCRATCH)
}


def find_recipe(name: str) -> Recipe:
    """The recipe called `name`.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in RECIPES:
        raise UnknownNameError("recipe", name, RECIPES)
    return RECIPES[name]


def choose(
    what: str | None,
    data: str | None,
    preset: str | None = None,
    *,
    finetune: bool = False,
    init: Recipe | None = None,
) -> Recipe:
    """The recipe to begin with.

    Of a folder it is that of photographs, a pretrained network, unless another preset is asked for
    or its pictures are small and grey, as handwritten digits are.

    Args:
        what: a recipe's name, or a folder of images; None leaves the choice to `data`.
        data: a named data set or a folder; None for the recipe's own.
        preset: the network that is wanted; None for the recipe's own.
        finetune: whether a pretrained network is to be trained on by gradients.
        init: of the run whose weights training starts from: the network and the size of its images
            are as there.

    Raises:
        UnknownNameError: `what` is neither a recipe nor a folder, or there is no such preset.
        NinError: a folder was given, and other data.
    """
    if what is None:
        return DIGITS if data is None else _for(data, preset, finetune, init)
    if what in RECIPES and RECIPES[what].data in NAMED:
        return RECIPES[what]
    if what in RECIPES:
        preset = preset or (FROM_SCRATCH.preset if what == FROM_SCRATCH.name else None)
        return _for(data or RECIPES[what].data, preset, finetune, init)
    if Path(what).exists():
        if data is not None:
            raise NinError(f"{what} and --data {data}: give one folder")
        return _for(what, preset, finetune, init)
    raise UnknownNameError("recipe (and no folder is called that)", what, RECIPES)


def is_small_grey(recipe: Recipe) -> bool:
    """Whether `recipe` is the one that `choose` takes for small grey pictures in a folder."""
    return recipe.data not in NAMED and recipe.preset == SMALL_GREY.preset


def _for(data: str, preset: str | None, finetune: bool, init: Recipe | None) -> Recipe:
    if data in NAMED:
        made_for_it = [made for made in RECIPES.values() if made.data == data]
        if made_for_it:
            return made_for_it[-1]
        return FASHION.revised(name=data, data=data)
    folder = Path(data).resolve()
    name = (folder.parent if folder.is_file() else folder).name or PHOTOS.name
    preset = init.preset if init is not None and preset is None else preset
    seen = {"image_size": init.image_size, "fit": init.fit} if init else {}
    if preset is not None and not find_preset(preset).pretrained:
        network = {"width": init.width, "dropout": init.dropout, **seen} if init else {}
        return FROM_SCRATCH.revised(name=name, data=data, preset=preset, **network)
    if preset is None and not finetune and are_small_and_grey(data):
        return SMALL_GREY.revised(name=name, data=data)
    recipe = FINETUNED if finetune else PHOTOS
    return recipe.revised(name=name, data=data, preset=preset, **seen)
