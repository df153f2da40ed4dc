"""Turns what a user names into a recipe: the same in Python as on the command line."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nin.data import NAMED, Augmentation, ImageArrays, ImageData, ImageFolder
from nin.data.in_memory.npz_file import is_npz
from nin.data.sources import as_images, is_given, name_of_images
from nin.errors import Advice, Argument, DataError, NinError, RecipeError, UnknownNameError
from nin.networks.lookup import find_network, network_name
from nin.networks.network_source import is_custom
from nin.training.recipe import Recipe, as_text
from nin.training.recipe_fields import not_none, renamed
from nin.training.runs.run import load
from nin.training.starting_recipe import choose, scaled, with_network

#: What can be trained on: a recipe or its name; a folder, a file or a data set, already open or
#: not; arrays, a `DataModule` or loaders, as `nin.data.sources.as_images` takes them.
What = Any

#: Options that are not settings of gradient descent.
_OF_IMAGES = {
    *("name", "data", "preset", "init", "image_size", "resize_mode", "limit", "seed"),
    *("balance", "stream", "validation", "split_by", "finetune", "groups"),
    *("folds", "fold"),
}


def with_images(what: What, options: Mapping[str, Any]) -> tuple[What, dict[str, Any]]:
    """`what` and the options, with images in memory and their classes and groups as one data set.

    Args:
        what: see `recipe_of`.
        options: fields of `Recipe`; ``data`` may be images, to which ``classes`` and ``groups``
            then belong.

    Raises:
        DataError: the images cannot be used, or classes are given without any.
    """
    options = dict(options)
    place = "data" if is_given(options.get("data")) else None
    given = options.get("data") if place else what
    classes, groups = options.pop("classes", None), options.get("groups")
    if isinstance(given, (str, Path)) and is_npz(given) and not Path(given).is_dir():
        if classes is None and groups is None:
            return what, options
        of_own = not_none(classes=classes, groups=options.pop("groups", None))
        given = ImageArrays.from_npz(given, **of_own)
    elif not isinstance(given, (Recipe, str, Path, ImageFolder, type(None))):
        given = as_images(given, classes=classes, groups=options.pop("groups", None))
    elif classes is not None:
        raise DataError("they are given by the names of the folders", about=Argument("classes"))
    if place:
        return what, {**options, "data": given}
    return given, options


def chosen_fields(what: What, options: Mapping[str, Any]) -> frozenset[str]:
    """The fields whose values the caller chose: options, and those of a `Recipe` or of images."""
    what, options = with_images(what, renamed(options))
    fields = {*not_none(**options), *(Recipe.model_fields if isinstance(what, Recipe) else ())}
    for data in (what, options.get("data")):
        if isinstance(data, ImageData):
            fields |= not_none(**_as_options(data)[1]).keys()
    return frozenset(fields)


def on_images(recipe: Recipe, data: Any) -> Recipe:
    """The recipe for other images, with the options of these; None leaves it unchanged.

    Args:
        recipe: the recipe to change.
        data: a name, a folder, a file, or images; see `nin.data.sources.as_images`.
    """
    if data is None:
        return recipe
    if not isinstance(data, (str, Path)):
        data, own = _as_options(as_images(data))
        return recipe.revised(data=data, **own)
    return recipe.revised(data=data)


def recipe_of(what: What, options: Mapping[str, Any], *, settings: Iterable[str] = ()) -> Recipe:
    """The recipe to train `what` with.

    Args:
        what: a recipe, or the name of one; a data set's name; a folder or an ``.npz`` file; one of
            these already opened as images, whose arguments count as options; arrays or loaders;
            None for `digits`.
        options: fields of `Recipe` to override; None leaves a field unchanged.
        settings: names of further arguments of gradient descent that were given. For a pretrained
            network, these and options of that kind imply fine-tuning.

    Raises:
        UnknownNameError: there is no such recipe, folder, network or option.
        DataError: there is no such folder.
        RunError: `init` is not a run.
        RecipeError: a value is invalid, or options contradict each other.
        NinError: a run could not open the images again.
    """
    what, options = with_images(what, renamed(options))
    if odd := next((name for name in options if name not in Recipe.model_fields), None):
        raise UnknownNameError("argument", odd, Recipe.model_fields)
    explicit = {name: value for name, value in options.items() if value is not None}
    if "preset" in explicit:
        explicit["preset"] = network_name(explicit["preset"])
    own: dict[str, Any] = {}
    if isinstance(explicit.get("data"), ImageData):
        explicit["data"], own = _as_options(explicit["data"])
    if isinstance(what, ImageData):
        what, own = _as_options(what)
    given = {**own, **explicit}
    if isinstance(what, Recipe):
        recipe = with_network(what, given.get("preset"))
    else:
        recipe = _chosen(what, given)
    if recipe is not what and recipe.image_size and given.get("image_size"):
        given = {**scaled(recipe, given["image_size"]), **given}
    recipe = recipe.revised(**given)
    is_frozen = not recipe.finetune and find_network(recipe.preset, "preset").pretrained
    of_gradients = [name for name in (*explicit, *settings) if name not in _OF_IMAGES]
    if not (is_frozen and of_gradients):
        return recipe
    if isinstance(what, Recipe) or explicit.get("finetune") is False:
        raise RecipeError(
            "a frozen network is not trained by gradients",
            Advice("add {}", Argument("finetune", True)),
            Advice("train another {}", Argument("preset")),
            about=Argument(of_gradients[0]),
        )
    # Epochs, a learning rate or augmentation imply fine-tuning.
    return recipe_of(what, {**own, **explicit, "finetune": True}, settings=settings)


def _chosen(what: str | Path | None, given: Mapping[str, Any]) -> Recipe:
    init, data = given.get("init"), given.get("data")
    before = None if init is None else load(init).recipe
    if before is not None and is_custom(before.preset) and given.get("preset") is None:
        # To name a run is not to ask for the code that its record names.
        raise RecipeError(
            f"its network is custom code, {before.preset}",
            Advice("name it as {}", Argument("preset")),
            about=Argument("init", init),
        )
    return choose(
        what,
        None if data is None else as_text(data),
        given.get("preset"),
        finetune=bool(given.get("finetune")),
        init=before,
    )


def _as_options(data: ImageData) -> tuple[str | Path, dict[str, Any]]:
    """The path or name that opens the same images again, and their non-default arguments."""
    kind = type(data)
    if isinstance(data, ImageArrays):
        return name_of_images(data), _changed(data, ImageArrays)
    if kind is not ImageFolder and kind not in NAMED.values():
        raise NinError(
            f"{kind.__name__} cannot be opened again by its name: nin.train takes an ImageFolder or"
            " a published set; nin.Trainer trains on any data"
        )
    own = _changed(data, kind)
    return Path(data.hparams["path"]) if isinstance(data, ImageFolder) else data.name, own


def _changed(data: ImageData, kind: type[ImageData]) -> dict[str, Any]:
    """The non-default arguments, as fields of a recipe."""
    usual = inspect.signature(kind).parameters
    own = {
        name: data.hparams[name]
        for name, argument in usual.items()
        if name not in ("path", "skip_bad")
        and data.hparams.get(name, argument.default) != argument.default
    }
    augmentation = own.pop("augmentation", None)
    if isinstance(augmentation, Augmentation):
        own |= asdict(augmentation)
    if not isinstance(data, ImageFolder):
        height, width = own.pop("resize", None) or data.image_shape[:2]
        if (height, width) != data.image_shape[:2]:
            own |= {"image_size": height} if height == width else {"resize": (height, width)}
    return _recipe_fields(kind, own)


def _recipe_fields(kind: type, own: dict[str, Any]) -> dict[str, Any]:
    if odd := [name for name in own if name not in Recipe.model_fields]:
        raise NinError(
            f"{kind.__name__}({odd[0]}={own[odd[0]]!r}): a run cannot record that: leave it out, or"
            " use nin.Trainer"
        )
    return own
