"""Checks before the first trial of a comparison, so that a mistake is found at once."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nin.backends import backend_name
from nin.data import ImageData
from nin.data.sources import is_in_process
from nin.errors import Advice, Argument, DataError, NinError
from nin.files import check_folder_writable, expand
from nin.networks.lookup import NETWORKS, check_size, class_and_arguments, find_network
from nin.networks.network_source import is_in_file
from nin.study.trials.contender import (
    Contender,
    EvaluationPart,
    Net,
    as_contenders,
    check_weights,
)
from nin.training import Recipe
from nin.training.precision import resolve_precision
from nin.training.runs.dataset import open_images

#: How every network of a comparison is trained; learning rate and seed are filled in.
RECIPE = Recipe(
    name="compare",
    data="fashion-mnist",
    epochs=3,
    batch_size=64,
    optimizer="adamw",
    learning_rate=0.001,
    warmup=100,
    clip_norm=1.0,
    validation=0.1,
)
RATES = (0.0003, 0.001, 0.003)
SEEDS = 5


def check(
    nets: Sequence[Net] | Mapping[str, Net],
    recipe: Recipe,
    out: Path,
    rates: Sequence[float],
    seeds: int,
    seconds: float | None,
    judged_on: EvaluationPart = "test",
    search_share: float = 1.0,
) -> list[Contender]:
    """Refuse a comparison that cannot begin, before anything heavy is imported.

    Args:
        nets: names, or contenders.
        recipe: how all are trained.
        out: folder for the results.
        rates: learning rates to start the search with.
        seeds: number of seeds.
        seconds: training time per network in place of epochs.
        judged_on: the part of the images that networks are evaluated on.
        search_share: length of the trainings that choose a learning rate, as a share of the others.

    Returns:
        The contenders.

    Raises:
        NinError: states in one line what is wrong.
    """
    contenders = as_contenders(nets)
    if not find_network(recipe.preset).pretrained:
        check_weights(contenders, recipe)
    backend_name()
    check_arguments(rates, seeds, seconds, search_share)
    check_folder_writable(expand(out))
    open_evaluated(recipe, judged_on)
    for contender in contenders:
        is_named = contender.name in NETWORKS and contender[1:3] == class_and_arguments(
            contender.name
        )
        if recipe.image_size is not None and is_named:
            check_size(contender.name, recipe.image_size, recipe.image_size)
    return contenders


def open_evaluated(recipe: Recipe, judged_on: EvaluationPart = "test") -> ImageData:
    """The recipe's images, not yet read.

    Raises:
        DataError: there are none, or none to evaluate on.
    """
    if recipe.folds is not None and judged_on != "test":
        problem = (
            "the images of a fold are a test, and these networks are evaluated on validation images"
        )
        raise DataError(problem, about=Argument("folds", recipe.folds))
    data = open_images(recipe)
    if judged_on not in data.parts:
        way = (
            "put some into test/"
            if judged_on == "test"
            else Advice("hold some out: {}", Argument("validation", 0.1))
        )
        raise DataError(f"{data.name} has no {judged_on} images to evaluate on", way)
    return data


def check_from_scratch(recipe: Recipe) -> None:
    """Refuse recipe fields that do not go with training from fresh, or pretrained, weights.

    Raises:
        NinError: the recipe starts from a run; or, if its network is not pretrained, it freezes
            layers or stops early.
    """
    if find_network(recipe.preset).pretrained:
        if recipe.init is not None:
            raise NinError(
                "every network starts here from its pretrained weights",
                Advice("leave out {}", Argument("init")),
                about=Argument("init", recipe.init),
            )
        return
    for name in ("init", "freeze", "patience"):
        if value := getattr(recipe, name):
            raise NinError(
                "every network is trained here from fresh weights, in all layers, and to the last"
                " epoch",
                Advice("leave out {}", Argument(name)),
                about=Argument(name, value),
            )


def check_not_timed(recipe: Recipe, seconds: float | None) -> None:
    """Refuse a time budget for a network with pretrained weights.

    Raises:
        NinError: the recipe's network has pretrained weights, and `seconds` is given.
    """
    if seconds is not None and find_network(recipe.preset).pretrained:
        raise NinError(
            f"{recipe.preset} has pretrained weights, and the time that it is trained for cannot be"
            " chosen",
            Advice("leave out {}", Argument("seconds")),
        )


def check_arguments(
    rates: Sequence[float], seeds: int, seconds: float | None, search_share: float = 1.0
) -> None:
    """Refuse invalid arguments.

    Raises:
        NinError: a number is out of range, or there are no rates or seeds.
    """
    if not rates or not all(0 < rate < math.inf for rate in rates):
        raise NinError("learning rates must be one or more numbers above 0")
    if len(set(rates)) < len(rates):
        raise NinError(f"a learning rate is given twice: {', '.join(f'{r:g}' for r in rates)}")
    if seeds < 1:
        raise NinError(f"seeds must be 1 or more, not {seeds}")
    if seconds is not None and not 0 < seconds < math.inf:
        raise NinError(f"the budget must be more than 0 seconds, not {seconds:g}")
    if not 0 < search_share <= 1:
        raise NinError(
            "must be above 0 and at most 1", about=Argument("search_share", search_share)
        )


def make_folder(folder: Path) -> None:
    """Create `folder`, and fail now rather than after the first trial.

    Raises:
        NinError: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise NinError(f"cannot write to {folder}: {error.strerror or error}") from error


def prepare(
    contenders: Sequence[Contender], recipe: Recipe, judged_on: EvaluationPart = "test"
) -> tuple[Recipe, ImageData]:
    """The recipe at an image size that all contenders can take, and its images.

    Raises:
        DataError: the images cannot be loaded, are too few to be split, or have no test part.
        InputSizeError: a contender cannot take images of the size in the recipe.
    """
    # Imported here, so that the other checks run without Keras.
    from nin.models.geometry import smallest_size
    from nin.training.network_check import check_stages, try_network

    recipe = resolve_precision(recipe)
    data = open_evaluated(recipe, judged_on)
    # If no part is empty with this seed, none is with any other.
    _check_parts(contenders, recipe, data, judged_on)
    classes = len(data.classes)
    ours = [(each, each.make(classes)) for each in contenders if not each.is_own]
    side = min(data.image_shape[:2])
    smallest = max((smallest_size(model.net) for _, model in ours), default=1)
    if recipe.image_size is None and side < smallest:
        recipe = recipe.revised(image_size=smallest)
        data = open_images(recipe)
    for contender, model in ours:
        *size, channels = seen_shape(contender, recipe, data)
        model.check_size(size)
        if "stages" in contender.arguments:
            check_stages(model, classes, (*size,), channels)
    for contender in contenders:
        if contender.is_own:
            seen = seen_shape(contender, recipe, data)
            model = contender.make(classes, seen)
            model.preprocessing.configure(seen[:2])
            try_network(model, classes, data.image_shape)
    return recipe, data


def check_reachable(contenders: Sequence[Contender], jobs: int) -> None:
    """Refuse to train a network in several processes if other processes cannot find it.

    Raises:
        NinError: it was defined in a notebook or inside a function, or is a model.
    """
    for contender in contenders:
        if jobs > 1 and contender.is_own and not is_in_file(contender.net):
            raise NinError(
                f"{contender.name} exists only in this process",
                "define it in a file",
                Advice("train one at a time: {}", Argument("jobs", 1)),
            )


def check_images_reachable(recipe: Recipe, jobs: int) -> None:
    """Refuse to train in several processes on images that other processes cannot find.

    Raises:
        NinError: the images are arrays in memory.
    """
    if jobs > 1 and is_in_process(recipe.data):
        raise NinError(
            "images in memory exist only in this process",
            "save them: np.savez('data.npz', images=x, labels=y)",
            Advice("train one at a time: {}", Argument("jobs", 1)),
        )


def seen_size(recipe: Recipe, data: ImageData) -> tuple[int, int]:
    """(height, width) of the networks' input."""
    if recipe.image_size is not None:
        return recipe.image_size, recipe.image_size
    height, width, _ = data.image_shape
    return height, width


def seen_shape(contender: Contender, recipe: Recipe, data: ImageData) -> tuple[int, int, int]:
    """(height, width, channels) of a contender's input; it may have an image size of its own."""
    height, width = seen_size(recipe.revised(**contender.changes or {}), data)
    return height, width, data.image_shape[2]


def fingerprint(recipe: Recipe, data: ImageData) -> str:
    """A digest of all images, even if the recipe limits `data` to some of them."""
    if recipe.limit is not None:
        data = open_images(recipe.model_copy(update={"limit": None}))
    return data.fingerprint()


#: Fields of a recipe that decide what `ImageData.describe` says about the images in use.
_OPENED_WITH = ("seed", "limit", "image_size", "resize_mode")


def described(data: ImageData, recipe: Recipe) -> dict[str, Any]:
    """The images as a record describes them, and the settings that they were opened with."""
    return {
        **data.describe(),
        "opened_with": {name: getattr(recipe, name) for name in _OPENED_WITH},
    }


def _is_frozen(contender: Contender, recipe: Recipe) -> bool:
    own = recipe.revised(**contender.changes or {})
    is_recipes = contender.arguments.get("preset") == own.preset
    return is_recipes and find_network(own.preset).pretrained and not own.finetune


def _check_parts(
    contenders: Sequence[Contender], recipe: Recipe, data: ImageData, judged_on: EvaluationPart
) -> None:
    # A head on a frozen trunk is chosen by cross-validation.
    held_out = [] if all(_is_frozen(each, recipe) for each in contenders) else ["validation_split"]
    for part in ("train", *held_out, *(["test"] if judged_on == "test" else [])):
        if len(getattr(data, part).labels) == 0:
            raise DataError(f"{data.name} has too few images to hold some out for {part}")
