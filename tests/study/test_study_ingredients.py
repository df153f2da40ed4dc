"""A recipe's ingredients: one more or one less in each row, evaluated on no test image."""

from __future__ import annotations

import pytest

import nin
from nin.errors import NinError, RecipeError
from nin.study.ingredients import BASE, INGREDIENTS, ingredient_contenders
from nin.training import Recipe
from nin.training.recipe import network_of
from nin.training.recipe_choice import recipe_of

RECIPE = nin.RECIPES["fashion28"]


def test_what_a_recipe_has_is_left_out_and_what_it_lacks_is_added():
    made = {each.name: each for each in ingredient_contenders(RECIPE)}
    assert next(iter(made)) == BASE
    assert made[BASE].changes == {}
    assert made["+ label smoothing"].changes == {"label_smoothing": 0.1}
    assert made["+ weight averages"].changes == {"ema_momentum": 0.998}
    assert made["− shifts"].changes == {"shift": 0}
    assert made["− decay of kernels alone"].changes == {"decay_biases": True}
    assert made["+ batch normalisation"].arguments["batch_norm"] is True
    with_all = RECIPE.revised(batch_norm=True, pooling="average", cutmix=1.0)
    names = [each.name for each in ingredient_contenders(with_all)]
    assert {"− batch normalisation", "− average pooling", "− CutMix"} <= {*names}
    assert len(names) == len(INGREDIENTS) + 1


@pytest.mark.parametrize("name", ["fashion28", "cifar10", "digits", "book"])
def test_each_row_is_a_recipe_and_differs_from_the_first(name):
    recipe = nin.RECIPES[name]
    base, *others = ingredient_contenders(recipe)
    for other in others:
        changed = recipe.revised(**other.changes)
        assert Recipe.parse(changed.model_dump()) == changed != recipe
        assert (other.net, other.arguments) == network_of(changed)
    assert (base.net, base.arguments) == network_of(recipe)


def test_what_would_do_nothing_or_cannot_be_had_has_no_row():
    names = [each.name[2:] for each in ingredient_contenders(nin.RECIPES["digits"])]
    assert "decay of kernels alone" not in names, "nothing decays"
    other = recipe_of(RECIPE, {"preset": "resnet18"})
    names = [each.name[2:] for each in ingredient_contenders(other)]
    assert not {"batch normalisation", "average pooling"} & {*names}
    assert "label smoothing" in names
    deep = [each.name[2:] for each in ingredient_contenders(nin.RECIPES["fashion28-deep"])]
    assert "batch normalisation" not in deep, "it is in its stages"
    constant = [each.name[2:] for each in ingredient_contenders(nin.RECIPES["chapter"])]
    assert "warm-up" not in constant, "a constant rate has none"


def test_a_recipe_that_cannot_be_trained_by_gradients_has_none():
    with pytest.raises(RecipeError, match=r"dropout=0\.3: resnet18"):
        ingredient_contenders(RECIPE.revised(preset="resnet18"))
    with pytest.raises(NinError, match=r"efficientnet-lite1 has pretrained weights.*preset"):
        ingredient_contenders(nin.RECIPES["photos"])
