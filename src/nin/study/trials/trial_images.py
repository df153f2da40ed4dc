"""The images of a trial: those that it is evaluated on are the same whatever its seed."""

from __future__ import annotations

from nin.data import ImageData, ImageFolder
from nin.errors import DataError
from nin.study.trials.contender import EvaluationPart
from nin.training.recipe import Recipe
from nin.training.runs.dataset import open_images


def shares_test_images(data: ImageData) -> bool:
    """Whether the test images are the same for every seed: not those of a folder without any."""
    return not isinstance(data, ImageFolder) or "test" in data.inventory.pictures


def division_seed(
    recipe: Recipe, data: ImageData, judged_on: EvaluationPart = "test"
) -> int | None:
    """The seed by which images are divided for all trials of a comparison.

    None: the images themselves say what is in their test, or its folds are all tested on; or, in
    results of before, each trial was evaluated on images of its own.

    Args:
        recipe: of the comparison.
        data: its images.
        judged_on: the part that its networks are evaluated on.
    """
    if judged_on == "validation":
        return recipe.seed
    is_divided = shares_test_images(data) or recipe.folds is not None
    return None if is_divided or recipe.split_by != "content" else recipe.seed


def trial_images(
    recipe: Recipe, divided_by: int | None, evaluated_on: EvaluationPart = "test"
) -> ImageData:
    """The images of a trial.

    Its own seed decides which images are held out for validation, unless it is evaluated on those.

    Args:
        recipe: of the trial.
        divided_by: see `division_seed`.
        evaluated_on: the part that is the same for all seeds.

    Raises:
        DataError: they cannot be had.
    """
    if divided_by is None:
        return open_images(recipe)
    if evaluated_on == "validation":
        return open_images(recipe.revised(seed=divided_by)).in_order_of(recipe.seed)
    whole = open_images(recipe.revised(seed=divided_by, limit=None))
    if shares_test_images(whole):
        return open_images(recipe)
    assert isinstance(whole, ImageFolder)
    try:
        return open_images(recipe, membership=whole.membership().of_another_run())
    except DataError:  # So few pictures that a class has to train on those of the test.
        return open_images(recipe)
