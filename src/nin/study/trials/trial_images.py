"""The images of a trial; those that it is evaluated on do not depend on its seed."""

from __future__ import annotations

from nin.data import ImageData, ImageFolder
from nin.errors import DataError
from nin.study.trials.contender import EvaluationPart
from nin.training.recipe import Recipe
from nin.training.runs.dataset import open_images


def shares_test_images(data: ImageData) -> bool:
    """Whether every seed has the same test images; a folder without a test part does not."""
    return not isinstance(data, ImageFolder) or "test" in data.inventory.pictures


def division_seed(
    recipe: Recipe, data: ImageData, judged_on: EvaluationPart = "test"
) -> int | None:
    """The seed that divides the images for all trials of a comparison.

    None if no seed decides what is evaluated: the data set has its own test part, or every fold is
    tested in turn. Also None for recipes of older results, in which each trial was evaluated on the
    test images of its own seed.

    Args:
        recipe: of the comparison.
        data: its images.
        judged_on: the part that its networks are evaluated on.
    """
    if recipe.split_by != "content":
        return None
    is_divided = shares_test_images(data) or recipe.folds is not None
    return None if is_divided and judged_on == "test" else recipe.seed


def trial_images(
    recipe: Recipe, divided_by: int | None, evaluated_on: EvaluationPart = "test"
) -> ImageData:
    """The images of a trial.

    The trial's own seed decides which images are held out for validation, unless it is evaluated on
    them.

    Args:
        recipe: of the trial.
        divided_by: see `division_seed`.
        evaluated_on: the part that is the same for all seeds.

    Raises:
        DataError: they cannot be opened.
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
    except DataError:  # A class has so few images that it needs some of the test part to train on.
        return open_images(recipe)
