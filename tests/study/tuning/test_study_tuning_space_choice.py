"""What is to be searched: by the recipe, by the caller, and what is refused."""

from __future__ import annotations

import sys

import pytest

from nin import RECIPES
from nin.errors import NinError
from nin.study.tuning.space_choice import plan_tuning
from nin.study.tuning.spaces import SPACES, Choice, Range, own_value, space_of


def plan(what="digits", options=None, **changed):
    settings = {"minutes": 3, "space": None, "sampler": "tpe", "seeds": 3, "out": "out", **changed}
    return plan_tuning(what, **settings, options=options or {})


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "photos"])
def test_every_recipe_declares_a_space_with_its_own_values_inside(name):
    recipe = RECIPES[name]
    space = space_of(recipe)
    assert "learning_rate" in space
    for field, given in space.items():
        own = own_value(recipe, field)
        if isinstance(given, Choice):
            assert own in given.values
        else:
            assert given.low <= own <= given.high
    assert {*SPACES} <= {*RECIPES}


def test_a_folder_has_views_to_search_and_rates_where_it_is_finetuned():
    frozen = space_of(RECIPES["photos"])
    assert set(frozen) == {"image_size", "resize_mode", "balance"}
    assert "learning_rate" in space_of(RECIPES["photos"].revised(finetune=True))


def test_given_values_take_the_place_of_the_recipes():
    space = {"lr": ["0.001", "0.01"], "shift": Range(2, 4), "dropout": ["0.1", "0.2"]}
    _, found = plan(space=space)
    assert found == {
        "learning_rate": Choice((0.003, 0.001, 0.01)),
        "shift": Range(1, 4, False),
        "dropout": Choice((0.5, 0.1, 0.2)),
    }


def test_a_range_holds_the_recipes_own_value_which_may_be_zero():
    _, found = plan(space={"weight_decay": Range(0.001, 0.1, log=True)}, what="digits")
    assert found == {"weight_decay": Range(0.0, 0.1)}


def test_fields_that_change_nothing_alone_can_be_searched_together():
    _, found = plan(space={"mixup": [0.0, 0.2], "mixup_prob": [0.5, 1.0]})
    assert found == {"mixup": Choice((0.0, 0.2)), "mixup_prob": Choice((0.5, 1.0))}


def test_an_argument_of_a_network_that_is_called_as_a_field_is_refused(tmp_path):
    (tmp_path / "nets.py").write_text("def small(classes, shape, batch_norm=True): ...\n")
    options = {"preset": f"{tmp_path}/nets.py:small"}
    with pytest.raises(NinError, match="batch_norm is not a field of a recipe: vary it with nin"):
        plan(space={"batch_norm": [True, False]}, options=options)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"minutes": 0}, "minutes=0: must be above 0"),
        ({"sampler": "gird"}, "sampler=gird: must be one of tpe, random, grid"),
        ({"sampler": "grid"}, "a grid needs values, but learning_rate has a range"),
        ({"seeds": 0}, "seeds must be 1 or more"),
        ({"space": {"lrr": [1, 2]}}, "unknown factor 'lrr'"),
        (
            {"space": {"window": [1, 3]}},
            "window is not a field of a recipe: vary it with nin sweep",
        ),
        ({"space": {"dropout": [0.5, 2]}}, "dropout=2: input should be less than 1"),
        (
            {"space": {"limit": Range(100, 1000)}},
            "the recipe has no limit to put into a range",
        ),
        (
            {"space": {"batch_size": Range(16, 64)}, "options": {"accumulate": 4}},
            "batch_size 17: batches of 17 images cannot be divided into 4 equal parts: give values",
        ),
        ({"what": "nobody"}, "unknown recipe"),
        (
            {"what": "book", "space": {"image_size": [32, 67, 96]}},
            "book cannot take images of 32x32: the smallest that works is",
        ),
    ],
)
def test_a_mistake_is_one_line(changed, said):
    with pytest.raises(NinError) as caught:
        plan(**changed)
    assert said in str(caught.value)


def test_without_optuna_the_line_to_type_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(NinError, match=r"tuning needs Optuna: pip install 'keras-nin\[tune\]'"):
        plan()
