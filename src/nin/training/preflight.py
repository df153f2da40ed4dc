"""Checks that come before any heavy import, and before any picture is decoded."""

from __future__ import annotations

from pathlib import Path

from nin.backends import backend_name
from nin.backends.distribution import check_backend
from nin.data import ImageData
from nin.errors import Advice, Argument, RecipeError, RunError
from nin.files import expand, obstacle
from nin.networks.lookup import CustomSpec, check_size, find_network
from nin.networks.network_source import is_custom, source_of
from nin.networks.presets import Preset
from nin.networks.rivals import Rival
from nin.networks.stages import deepened, with_ingredients
from nin.training.recipe import Recipe
from nin.training.recipe_fields import not_none
from nin.training.runs.dataset import is_in_memory, open_new
from nin.training.runs.run import Run
from nin.training.runs.run_folder import check_free


def check(
    recipe: Recipe,
    out: str | Path | None = None,
    *,
    skip_bad: bool = False,
    devices: int | None = None,
) -> ImageData:
    """Refuse a training that cannot begin.

    Args:
        recipe: what to train.
        out: the run directory that was given.
        skip_bad: skip pictures of a folder that cannot be read.
        devices: number of devices that share each batch.

    Returns:
        The recipe's images, not yet read.

    Raises:
        NinError: states in one line what is wrong.
    """
    check_free(out)
    folder = expand("runs" if out is None else out)
    if problem := obstacle(folder):
        raise RunError(f"cannot make the run directory {folder}: {problem}")
    return check_recipe(recipe, skip_bad=skip_bad, devices=devices)


def check_recipe(
    recipe: Recipe, *, skip_bad: bool = False, devices: int | None = None
) -> ImageData:
    """Refuse a recipe that cannot be trained; see `check`."""
    network = find_network(recipe.preset, "preset")
    if recipe.finetune and not network.pretrained:
        raise RecipeError(
            f"{recipe.preset} has no pretrained weights",
            Advice("choose another {}", Argument("preset")),
            about=Argument("finetune", True),
        )
    if devices is not None:
        check_backend()
    if network.pretrained:
        check_pretrained(recipe)
    else:
        check_network(recipe)
    if recipe.finetune or not network.pretrained:
        backend_name()
    for side in not_none(image=recipe.image_size, crop=recipe.crop_size).values():
        check_size(recipe.preset, side, side)  # Before any picture is listed.
    data = open_new(recipe, skip_bad=skip_bad)
    side = recipe.image_size
    seen = data.image_shape[:2] if side is None else (side, side)
    for height, width in (seen, (recipe.crop_size or seen[0], recipe.crop_size or seen[1])):
        check_size(recipe.preset, height, width)
    return data


def check_pretrained(recipe: Recipe) -> None:
    """Refuse settings that a pretrained trunk does not support.

    Raises:
        RecipeError: states the problem, and what to do.
    """
    network = find_network(recipe.preset)
    if is_in_memory(recipe.data):
        raise RecipeError(
            f"it takes a folder of photographs, and {recipe.data} is held in memory",
            Advice("choose another {}", Argument("preset")),
            about=Argument("preset", recipe.preset),
        )
    if recipe.balance == "sampling" and not recipe.finetune:
        problem = "a head is fitted to all photographs"
        way = Advice("use {}", Argument("balance", "weights"))
        raise RecipeError(problem, way, about=Argument("balance", "sampling"))
    _check_frozen(recipe, network)
    _check_table(recipe, "pretrained weights fit one network only")
    if recipe.width != 1:
        problem = "pretrained weights are of width 1 only"
        raise RecipeError(problem, about=Argument("width", f"{recipe.width:g}"))


def check_network(recipe: Recipe) -> None:
    """Refuse settings that the recipe's network, without pretrained weights, does not support.

    Raises:
        RecipeError: states the problem.
    """
    network = find_network(recipe.preset, "preset")
    is_own = is_custom(recipe.preset)
    if is_own:
        source_of(recipe.preset)  # Whether its file is there.
    is_fixed = isinstance(network, Rival) or is_own
    if is_fixed and recipe.width != 1:
        problem = f"{recipe.preset} has one width, 1: only presets of NiN have others"
        raise RecipeError(problem, about=Argument("width", recipe.width))
    if is_fixed and recipe.dropout is not None:
        problem = f"{recipe.preset} has a dropout of its own: only presets of NiN take another"
        raise RecipeError(problem, about=Argument("dropout", recipe.dropout))
    if is_fixed:
        _check_table(recipe, "only presets of NiN have stages to change")
    elif isinstance(network, Preset):
        stages = deepened(network.stages, recipe.depth)
        network = network._replace(stages=with_ingredients(stages, batch_norm=recipe.batch_norm))
    if recipe.crop_size is not None and not network.has_maps:
        problem = f"{recipe.preset} ends in dense layers, which take images of one size only"
        raise RecipeError(problem, about=Argument("crop_size", recipe.crop_size))
    _check_frozen(recipe, network)


def _check_frozen(recipe: Recipe, network: Preset | Rival | CustomSpec) -> None:
    """Refuse to freeze all layers with weights, as far as known; the average has none."""
    average = 2 if isinstance(network, Preset) else 0
    if recipe.freeze and recipe.freeze >= network.layers - average:
        raise too_deep(recipe.freeze, network.layers)


def too_deep(freeze: int, layers: int) -> RecipeError:
    """The error for freezing so many layers that none is left to train."""
    return RecipeError(
        f"the network has {layers} layers, and some with weights must be left to train",
        about=Argument("freeze", freeze),
    )


def _check_table(recipe: Recipe, why: str) -> None:
    """Refuse settings that change a table of stages, for a network whose layers are fixed."""
    problem = f"{recipe.preset} cannot change it: {why}"
    if recipe.depth != 1:
        raise RecipeError(problem, about=Argument("depth", recipe.depth))
    if recipe.batch_norm:
        raise RecipeError(problem, about=Argument("batch_norm", True))
    if recipe.pooling is not None:
        raise RecipeError(problem, about=Argument("pooling", recipe.pooling))


def check_resumable(run: Run, recipe: Recipe) -> None:
    """Refuse to continue a training by gradients that has ended.

    Args:
        run: the run on disk.
        recipe: the run's recipe, perhaps with more epochs.

    Raises:
        RunError: it died, has all its epochs, or was stopped by its patience.
    """
    path, rows, state = run.path, run.metrics(), run.record["state"]
    done = max((row["epoch"] for row in rows), default=0)
    if state == "died":
        way = Advice("train again, with a lower {}", Argument("learning_rate"))
        raise RunError(f"the training in {path} died", way)
    if state == "finished" and done >= recipe.epochs:
        way = Advice("to train longer, give more {}", Argument("epochs"))
        raise RunError(f"{path} has all its {done} epochs", way)
    if state == "finished" and run.is_over(rows):
        raise RunError(
            f"{path} ended after {done} epochs, because no later one was better",
            Advice("train again, with more {}", Argument("patience")),
        )
