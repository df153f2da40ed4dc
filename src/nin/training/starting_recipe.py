"""The recipe that a training begins with, before options change it."""

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
from nin.training.recipes import RECIPES
from nin.training.recipes.digits import DIGITS
from nin.training.recipes.photos import FINETUNED, FROM_SCRATCH, PHOTOS, SMALL_GREY

#: Sides in pixels to which images are reduced for networks made for large photographs: those of the
#: published sets, and photographs when training from scratch. Larger ones would take hours.
SMALL, MEDIUM = 32, 128
#: Arrays of images up to this side are treated like the published sets of small pictures.
_SMALL_ARRAYS = 48
#: Fields that, besides the preset, define the network of a run.
_OF_NETWORK = ("width", "depth", "dropout", "batch_norm", "pooling")


def choose(
    what: str | Path | None,
    data: str | None = None,
    preset: str | None = None,
    *,
    finetune: bool = False,
    init: Recipe | None = None,
) -> Recipe:
    """The recipe to begin with, before other options change it.

    For a folder it is the recipe for photographs, with a pretrained network, unless another preset
    is given or the pictures are small and grey, such as handwritten digits.

    Args:
        what: the name of a recipe or a data set, or a folder of images (a `Path` always is one);
            None leaves the choice to `data`.
        data: a named data set or a folder; None for the recipe's own.
        preset: the network; None for the recipe's own.
        finetune: whether a pretrained network is to be fine-tuned.
        init: the recipe of the run to start from, whose network and image size are used.

    Raises:
        UnknownNameError: `what` is neither a recipe nor a folder, or there is no such preset.
        DataError: there is no such folder.
        NinError: two data sets are given, or `what` is a network.
    """
    if preset is not None:
        find_network(preset, "preset")
        preset = "book" if preset == "nin" else preset
    if what is None:
        return with_network(DIGITS, preset) if data is None else _for(data, preset, finetune, init)
    is_folder = isinstance(what, Path)
    if isinstance(what, Path):  # Even if it has the name of a recipe.
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
    """`recipe` for another network, at full width, with a suitable image size and learning rate.

    Args:
        recipe: the recipe to change.
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
    if isinstance(network, CustomSpec):  # What suits it is not known: all else stays.
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
    """The from-scratch recipe, with the changes made to the recipe of a pretrained network."""
    usual = FINETUNED if pretrained.finetune else PHOTOS
    own = {name: value for name, value in pretrained if value != getattr(usual, name)}
    own = {name: own[name] for name in own.keys() - {"preset", "finetune"}}
    if own.get("image_size"):
        like = FROM_SCRATCH.revised(data=pretrained.data)
        own = {**scaled(like, own["image_size"]), **own}
    return FROM_SCRATCH.revised(**own)


def scaled(recipe: Recipe, image_size: int) -> dict[str, int]:
    """The recipe's fields in stored pixels, scaled to another image size.

    Nothing is scaled for published sets and arrays, which are stored at a size of their own.
    """
    if not recipe.image_size or recipe.data in NAMED or _is_array(recipe.data):
        return {}
    counted = {"shift": recipe.shift, "crop_size": recipe.crop_size}
    return {name: n * image_size // recipe.image_size for name, n in counted.items() if n}


def _for(data: str, preset: str | None, finetune: bool, init: Recipe | None) -> Recipe:
    if data in NAMED:
        # Every published set has a recipe; the last of several is the default.
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
    """Whether it exists, or is a pattern of shards, which are looked up later."""
    path = source_path(data)
    return is_pattern(path) or path.exists()


def _is_array(data: str) -> bool:
    """Whether `data` names images in memory or a file of arrays."""
    return is_in_process(data) or (is_npz(data) and not expand(data).is_dir())


def _for_arrays(
    name: str, data: str, shape: tuple[int, int, int], preset: str | None, init: Recipe | None
) -> Recipe:
    """The recipe for images in memory or one file, by size and channels; never mirrored."""
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
    """The fields that, besides the preset, define the network of the run to start from."""
    return not_none(**{name: getattr(init, name) for name in _OF_NETWORK}) if init else {}
