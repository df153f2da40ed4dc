"""Factors: what can be varied, how values are read, and what is refused."""

from __future__ import annotations

import pytest
from custom_networks import write_nets

from nin import RECIPES
from nin.errors import NinError
from nin.networks.stages import Stage
from nin.study.sweeps.factors import Grid, as_factors

RECIPE = RECIPES["fashion28"]


def grid(recipe=RECIPE, **vary):
    return Grid(recipe, as_factors(recipe, vary))


def test_texts_become_what_the_recipe_or_the_network_holds():
    found = as_factors(
        RECIPE,
        {
            "width": ["0.5", "1"],
            "depth": ["1", "2"],
            "flip": ["true", "false"],
            "dropout": ["none", "0.3"],
            "window": ["1", "3"],
            "pool": ["none", "same"],
            "head": ["none", "64-32"],
            "lr": ["1e-3", "0.002"],
        },
    )
    assert {each.name: each.values for each in found} == {
        "width": (0.5, 1.0),
        "depth": (1, 2),
        "flip": (True, False),
        "dropout": (None, 0.3),
        "window": (1, 3),
        "pool": (None, "same"),
        "head": (None, [64, 32]),
        "learning_rate": (0.001, 0.002),
    }


def test_the_others_are_compared_with_the_recipes_own_value_or_the_first():
    vary = {"width": [2, 1], "batch_size": [32, 64], "pool": [None, "valid"], "window": [3, 1]}
    found = as_factors(RECIPE, vary)
    assert [each.usual for each in found] == [1, 32, None, 1]


def test_every_combination_is_a_contender():
    found = grid(width=[0.5, 1], window=[1, 3], label_smoothing=[0, 0.1]).contenders()
    assert len(found) == 8
    assert found[0].name == "width 0.5, window 1, label smoothing 0"
    last = found[-1]
    assert last.levels == {"width": 1.0, "window": 3, "label_smoothing": 0.1}
    assert last.changes == {"width": 1.0, "label_smoothing": 0.1}
    assert (last.net, last.arguments["width"]) == ("NiN", 1.0)
    assert {stage.window for stage in last.arguments["stages"]} == {3}
    assert len(grid(width=[0.5, 1], window=[1, 3]).sample(2)) == 2


def test_a_network_of_ones_own_is_varied_by_its_arguments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_nets(tmp_path)
    own = RECIPE.revised(preset="nets.py:cnn", width=1.0, dropout=None)
    found = grid(own, width=["2", "4"], batch_size=["32", "64"]).contenders()
    assert found[0].net == "nets.py:cnn(width=2)"
    assert found[0].changes == {"batch_size": 32}
    assert found[0].levels == {"width": 2, "batch_size": 32}
    with pytest.raises(NinError, match="unknown factor 'window'"):
        grid(own, window=[1, 3])


def test_networks_themselves_can_be_a_factor():
    found = grid(preset=["mnist", "lenet"]).contenders
    with pytest.raises(NinError, match="preset lenet: lenet has a dropout of its own"):
        found()
    plain = RECIPE.revised(dropout=None)
    assert [each.net for each in grid(plain, preset=["mnist", "lenet"]).contenders()] == [
        "NiN",
        "LeNet",
    ]


LENET = RECIPE.revised(preset="lenet", dropout=None)
STAGES = RECIPE.revised(preset=[Stage((8,), 3), Stage((10,), 3)], dropout=None)


@pytest.mark.parametrize(
    ("recipe", "vary", "said"),
    [
        (RECIPE, {}, "there is nothing to vary"),
        (RECIPE, {"wdith": [1, 2]}, "unknown factor 'wdith': did you mean 'width'?"),
        (RECIPE, {"width": [1]}, "width needs two values or more"),
        (RECIPE, {"width": ["1", "1.0"]}, "width 1 is given twice"),
        (RECIPE, {"width": ["0", "1"]}, "width=0: input should be greater than 0"),
        (RECIPE, {"depth": ["1", "1.5"]}, "depth=1.5: input should be a valid integer"),
        (RECIPE, {"window": ["1", "x"]}, "window=x: stage 1: window: input should be"),
        (RECIPE, {"head": ["none", "big"]}, "head=big: give units of dense layers"),
        (RECIPE, {"seed": [0, 1]}, "seed cannot be varied: all are trained with the same seeds"),
        (RECIPE, {"data": ["mnist", "svhn"]}, "data cannot be varied: it decides which images"),
        (RECIPE, {"patience": [1, 2]}, "from fresh weights to the last epoch"),
        (RECIPE, {"mixup_prob": [0.5, 1]}, "mixup_prob changes nothing without mixup or cutmix"),
        (RECIPE, {"momentum": [0, 0.9]}, "momentum changes nothing where the optimizer is adamw"),
        (LENET, {"window": [1, 3]}, "lenet has no stages"),
        (STAGES, {"depth": [1, 2]}, "no stage is between its first and its last"),
        (STAGES, {"dropout": [0.1, 0.5]}, "none of its stages drops values"),
        (STAGES, {"pooling": ["max", "average"]}, "none of its stages is pooled"),
    ],
)
def test_what_cannot_be_varied_is_refused_in_one_line(recipe, vary, said):
    with pytest.raises(NinError) as caught:
        as_factors(recipe, vary)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_combination_that_the_network_refuses_is_named():
    with pytest.raises(NinError, match="width 2: lenet has one width, 1"):
        grid(LENET, width=[1, 2]).contenders()
