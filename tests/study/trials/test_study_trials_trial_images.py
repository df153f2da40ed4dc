"""Images of trials: those evaluated on are the same for every seed, and in no training."""

import numpy as np
import pytest
from photographs import folder

from nin.study.trials.trial_images import division_seed, trial_images
from nin.training.recipes import RECIPES
from nin.training.runs.dataset import open_images


def contents(data, *parts):
    return {digest for part in parts for digest in data.digests(part).tolist()}


@pytest.fixture
def recipe(tmp_path):
    root = folder(tmp_path / "stripes", ("",), each=30)
    return RECIPES["scratch"].revised(data=str(root), image_size=8, seed=5)


@pytest.mark.parametrize("limit", [None, 20])
def test_a_folder_without_a_test_has_one_for_all_seeds(recipe, limit):
    recipe = recipe.revised(limit=limit)
    base = open_images(recipe)
    seed = division_seed(recipe, base)
    assert seed == 5
    held_out = set()
    for other in (0, 1, 2**31):
        data = trial_images(recipe.revised(seed=other), seed)
        assert contents(data, "test") == contents(base, "test")
        assert not contents(data, "test") & contents(data, "train", "validation")
        held_out.add(frozenset(contents(data, "validation")))
    assert len(held_out) == 3
    assert trial_images(recipe, None).fingerprint() == base.fingerprint()


@pytest.mark.parametrize("limit", [None, 20])
def test_held_out_images_that_are_evaluated_on_are_the_same_for_all_seeds(recipe, limit):
    digits = RECIPES["digits"].revised(limit=limit, seed=5)
    for each in (recipe.revised(limit=limit), digits):
        base = open_images(each)
        seed = division_seed(each, base, "validation")
        first, *_ = orders = [
            trial_images(each.revised(seed=n), seed, "validation") for n in (5, 6)
        ]
        for data in orders:
            for part in ("train", "validation"):
                assert np.array_equal(data.split(part).images, base.split(part).images)
                assert np.array_equal(data.split(part).labels, base.split(part).labels)
        batches = [data.get_dataloader(train=True)[0][1] for data in (base, *orders)]
        assert np.array_equal(batches[0], batches[1])
        assert not np.array_equal(batches[0], batches[2])
        searched = trial_images(each.revised(seed=6), seed).validation_split
        assert not np.array_equal(searched.images, first.validation_split.images)


def test_folders_with_a_test_and_folds_are_as_they_are(recipe, tmp_path):
    divided = recipe.revised(data=str(folder(tmp_path / "two", ("train", "test"), each=10)))
    assert division_seed(divided, open_images(divided)) is None
    folds = recipe.revised(folds=3, fold=0)
    assert division_seed(folds, open_images(folds)) is None
    digits = RECIPES["digits"]
    assert division_seed(digits, open_images(digits)) is None
