"""The recipes, one per file."""

from __future__ import annotations

import contextlib
import difflib
import os
from pathlib import Path
from typing import Any

from nin.data import NAMED
from nin.data.decode_many import are_small_and_grey
from nin.data.in_memory.npz_file import is_npz, npz_image_shape
from nin.data.shards.shard_files import is_pattern
from nin.data.sources import images_called, is_in_process
from nin.data.storage.url_path import source_path
from nin.errors import Advice, Argument, DataError, NinError, RecipeError, UnknownNameError
from nin.files import did_you_mean, expand
from nin.networks.lookup import NETWORKS, CustomSpec, find_network
from nin.networks.network_source import is_custom
from nin.networks.rivals import Rival
from nin.training.recipe import Recipe
from nin.training.recipe_fields import not_none
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
from nin.training.recipes.photos import FINETUNED, FROM_SCRATCH, PHOTOS, SMALL_GREY

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


#: Sides in pixels at which networks for large photographs are trained on pictures as small as those
#: of the published sets, and on photographs, on nothing but them: more would take hours.
SMALL, MEDIUM = 32, 128
#: Arrays of images up to this side are trained on as the published sets of small pictures are.
_SMALL_ARRAYS = 48
#: What makes a network that of another run, beside its preset.
_OF_NETWORK = ("width", "depth", "dropout", "batch_norm", "pooling")


def choose(
    what: str | Path | None,
    data: str | None = None,
    preset: str | None = None,
    *,
    finetune: bool = False,
    init: Recipe | None = None,
) -> Recipe:
    """The recipe to begin with.

    Of a folder it is that of photographs, a pretrained network, unless another preset is given
    or its pictures are small and grey, as handwritten digits are.

    Args:
        what: a recipe's name, a data set's, or a folder of images, which a `Path` always is; None
            leaves the choice to `data`.
        data: a named data set or a folder; None for the recipe's own.
        preset: the network that is wanted; None for the recipe's own.
        finetune: whether a pretrained network is to be trained on by gradients.
        init: of the run whose weights training starts from: the network and the size of its images
            are as there.

    Raises:
        UnknownNameError: `what` is neither a recipe nor a folder, or there is no such preset.
        DataError: there is no such folder.
        NinError: a folder was given, and other data; or a network.
    """
    if preset is not None:
        find_network(preset, "preset")
        preset = "book" if preset == "nin" else preset
    if what is None:
        return with_network(DIGITS, preset) if data is None else _for(data, preset, finetune, init)
    is_folder = isinstance(what, Path)
    if isinstance(what, Path):  # Also one that is called as a recipe is.
        what = f"./{what}" if str(what) in {*RECIPES, *NAMED} else str(what)
    if what in RECIPES and RECIPES[what].data in NAMED:
        return with_network(RECIPES[what], preset)
    if what in RECIPES:
        preset = preset or (FROM_SCRATCH.preset if what == FROM_SCRATCH.name else None)
        return _for(data or RECIPES[what].data, preset, finetune, init)
    is_there = what in NAMED or _is_array(what) or _is_path(what)
    if data is not None and is_there:
        raise NinError(f"two data sets, {what} and {data}: give one")
    if is_there:
        return _for(what, preset, finetune, init)
    if not is_folder and (what in NETWORKS or is_custom(what)):
        way = "give it as {}, beside a recipe, a data set or a folder"
        raise NinError(f"{what} is a network", Advice(way, Argument("preset", what)))
    names, near = {*RECIPES, *NAMED}, did_you_mean(expand(what))
    if is_folder or os.sep in what or (near and not difflib.get_close_matches(what, names)):
        raise DataError(f"{what}: no such folder{near}")
    raise UnknownNameError("recipe, data set or folder", what, names)


def with_network(recipe: Recipe, preset: str | None) -> Recipe:
    """`recipe` for another network: whole, at a size that it takes and a rate that it learns at.

    Args:
        recipe: for the network that it names.
        preset: the other network; None leaves the recipe as it is.

    Raises:
        UnknownNameError: there is no such network.
    """
    if preset is None or preset == recipe.preset:
        return recipe
    network = find_network(preset, "preset")
    if find_network(recipe.preset).pretrained and not network.pretrained:
        return with_network(_from_scratch(recipe), preset)
    other = recipe.revised(preset=preset)
    if network.pretrained:
        return other
    changes: dict[str, Any] = {"width": 1.0, "depth": 1, "dropout": None}
    if isinstance(network, CustomSpec):  # What it was made for is not known: all else stays.
        return other.model_copy(update=changes)
    side = network.input_shape[0]
    if recipe.optimizer == "sgd":  # The book's experiment: its size and its rate.
        changes["image_size"] = max(recipe.image_size or side, network.smallest)
    elif _is_array(recipe.data):
        changes["image_size"] = max(recipe.image_size or 1, network.smallest)
    elif recipe.data in NAMED:
        changes["image_size"] = min(side, max(SMALL, network.smallest))
    elif isinstance(network, Rival):
        changes["image_size"] = min(side, MEDIUM)
    else:
        changes["image_size"] = side
    changes |= scaled(recipe, changes["image_size"])
    if recipe.optimizer == "adamw" and isinstance(network, Rival):
        changes["learning_rate"] = network.learning_rate
    return other.model_copy(update=changes)


def _from_scratch(pretrained: Recipe) -> Recipe:
    """The recipe from scratch, with what was changed in that of a pretrained network."""
    usual = FINETUNED if pretrained.finetune else PHOTOS
    own = {name: value for name, value in pretrained if value != getattr(usual, name)}
    own = {name: own[name] for name in own.keys() - {"preset", "finetune"}}
    if own.get("image_size"):
        like = FROM_SCRATCH.revised(data=pretrained.data)
        own = {**scaled(like, own["image_size"]), **own}
    return FROM_SCRATCH.revised(**own)


def scaled(recipe: Recipe, image_size: int) -> dict[str, int]:
    """What a recipe counts in pixels of stored pictures, for those of another size.

    Published sets and arrays are stored at a size of their own.
    """
    if not recipe.image_size or recipe.data in NAMED or _is_array(recipe.data):
        return {}
    counted = {"shift": recipe.shift, "crop_size": recipe.crop_size}
    return {name: n * image_size // recipe.image_size for name, n in counted.items() if n}


def _for(data: str, preset: str | None, finetune: bool, init: Recipe | None) -> Recipe:
    if data in NAMED:
        # Every published set has one; the last of several is the usual one.
        made_for_it = [made for made in RECIPES.values() if made.data == data]
        return with_network(made_for_it[-1], preset)
    if is_in_process(data):
        images = images_called(data)
        return _for_arrays(images.name, data, images.image_shape, preset, init)
    if _is_array(data):
        path = expand(data)
        return _for_arrays(path.stem, data, npz_image_shape(path), preset, init)
    folder = source_path(data)
    with contextlib.suppress(RuntimeError):  # A link to itself, before Python 3.13.
        folder = folder.resolve()
    is_inside = folder.is_file() or is_pattern(folder)
    name = (folder.parent if is_inside else folder).name or PHOTOS.name
    preset = init.preset if init is not None and preset is None else preset
    seen = not_none(image_size=init.image_size, resize_mode=init.resize_mode) if init else {}
    if preset is not None and not find_network(preset, "preset").pretrained:
        recipe = with_network(FROM_SCRATCH.revised(name=name, data=data), preset)
        pixels = scaled(recipe, seen["image_size"]) if "image_size" in seen else {}
        return recipe.revised(**_network(init), **seen, **pixels)
    if preset is None and not finetune and are_small_and_grey(data):
        return SMALL_GREY.revised(name=name, data=data)
    recipe = (FINETUNED if finetune else PHOTOS).revised(name=name, data=data)
    pixels = scaled(recipe, seen["image_size"]) if "image_size" in seen else {}
    return recipe.revised(**not_none(preset=preset), **seen, **pixels)


def _is_path(data: str) -> bool:
    """Whether it is there, or a pattern of shards, which are looked for when they are listed."""
    path = source_path(data)
    return is_pattern(path) or path.exists()


def _is_array(data: str) -> bool:
    """Whether it is the name of images in memory, or a file of arrays."""
    return is_in_process(data) or (is_npz(data) and not expand(data).is_dir())


def _for_arrays(
    name: str, data: str, shape: tuple[int, int, int], preset: str | None, init: Recipe | None
) -> Recipe:
    """For images in memory or in one file: by their size and channels, and never mirrored."""
    height, width, channels = shape
    small = max(height, width) <= _SMALL_ARRAYS
    usual = SMALL_GREY if small else FROM_SCRATCH.revised(flip=False)
    if small and channels == 3:
        usual = usual.revised(preset="cifar10", image_size=SMALL)
    elif not small:
        usual = usual.revised(image_size=min(max(67, height, width), usual.image_size or 224))
    recipe = usual.revised(name=name, data=data, shift=max(height, width) // 14)
    preset = init.preset if init is not None and preset is None else preset
    if preset is None:
        return recipe
    if find_network(preset, "preset").pretrained:
        raise RecipeError(
            "its head is fitted to a folder of photographs, and these are arrays",
            Advice("choose another {}", Argument("preset")),
            about=Argument("preset", preset),
        )
    recipe = with_network(recipe, preset)
    if isinstance(find_network(preset), CustomSpec):
        recipe = recipe.revised(image_size=None)
    size = not_none(image_size=init.image_size) if init else {}
    return recipe.revised(**_network(init), **size)


def _network(init: Recipe | None) -> dict[str, Any]:
    """The fields, beside the preset, that make a network that of the run it starts from."""
    return not_none(**{name: getattr(init, name) for name in _OF_NETWORK}) if init else {}
