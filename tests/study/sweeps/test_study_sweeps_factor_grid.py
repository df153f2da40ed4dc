"""Combinations of factors as contenders, and those that a network refuses."""

from __future__ import annotations

import pytest
from custom_networks import write_nets

from nin import RECIPES
from nin.errors import NinError
from nin.study.sweeps.factor_grid import Grid
from nin.study.sweeps.factors import as_factors
from nin.training.recipes.photos import FROM_SCRATCH

RECIPE = RECIPES["fashion28"]
LENET = RECIPE.revised(preset="lenet", dropout=None)


def grid(recipe=RECIPE, **vary):
    return Grid(recipe, as_factors(recipe, vary))


def test_every_combination_is_a_contender():
    found = grid(width=[0.5, 1], window=[1, 3], label_smoothing=[0, 0.1]).contenders()
    assert len(found) == 8
    assert found[0].name == "width 0.5, window 1, label smoothing 0"
    last = found[-1]
    assert last.levels == {"width": 1.0, "window": 3, "label_smoothing": 0.1}
    assert last.changes == {"width": 1.0, "label_smoothing": 0.1}
    assert (last.net, last.arguments["width"]) == ("NiN", 1.0)
    assert {stage.window for stage in last.arguments["stages"]} == {3}


@pytest.mark.parametrize(("first", "second"), [(2, 2), (5, 3), (4, 4)])
def test_a_sample_goes_from_the_first_to_the_last(first, second):
    whole = grid(dropout=[n / 10 for n in range(first)], width=[1 + n for n in range(second)])
    names = [each.name for each in whole.contenders()]
    for most in (1, 3, 8, 99):
        found = [each.name for each in whole.sample(most)]
        assert found == sorted(found, key=names.index)
        assert len(found) == min(most, len(names))
        assert found[0] == names[0]
        assert found[-1] == names[-1] or most == 1


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


@pytest.mark.parametrize(
    ("finetune", "vary", "idle"),
    [
        (False, {"learning_rate": [0.001, 0.01]}, "learning_rate changes nothing where"),
        (True, {"head": ["none", "512"]}, "head changes nothing where"),
    ],
)
def test_what_pretrained_weights_leave_without_effect_is_refused(finetune, vary, idle):
    photos = RECIPES["photos"].revised(finetune=finetune)
    names = ["efficientnet-lite0", "efficientnet-lite1"]
    made = Grid(photos, as_factors(photos, {"preset": names, **vary}))
    with pytest.raises(NinError, match=f"preset efficientnet-lite0, .*: {idle} efficientnet-lite0"):
        made.contenders()


def test_where_the_preset_varies_each_combination_is_looked_at():
    photos = RECIPES["photos"].revised(finetune=True)
    vary = {"preset": ["book", "mnist"], "window": [1, 3]}
    assert len(Grid(photos, as_factors(photos, vary)).contenders()) == 4


def test_what_is_in_stored_pixels_follows_the_image_size():
    recipe = FROM_SCRATCH.revised(data="photos", image_size=224, shift=14, crop_size=None)
    factors = as_factors(recipe, {"image_size": [67, 224]})
    assert [each.changes for each in Grid(recipe, factors).contenders()] == [
        {"image_size": 67, "shift": 4},
        {"image_size": 224, "shift": 14},
    ]
    chosen = Grid(recipe, factors, {"shift"}).contenders()
    assert [each.changes for each in chosen] == [{"image_size": 67}, {"image_size": 224}]
    with pytest.raises(NinError, match="book cannot take images of 32x32"):
        Grid(recipe, as_factors(recipe, {"image_size": [32, 224]})).contenders()
    cropped = recipe.revised(crop_size=100)
    with pytest.raises(NinError, match="book cannot take images of 29x29"):
        Grid(cropped, factors).contenders()


def test_a_combination_that_the_network_refuses_is_named():
    with pytest.raises(NinError, match="width 2: lenet has one width, 1"):
        grid(LENET, width=[1, 2]).contenders()


def test_a_network_of_ones_own_is_varied_by_nothing_that_it_does_not_take(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_nets(tmp_path)
    own = RECIPE.revised(preset="nets.py:Linear", width=1.0, dropout=None)
    mixed = grid(own, preset=["nets.py:Linear", "lenet"]).contenders()
    assert [each.net for each in mixed] == ["nets.py:Linear", "LeNet"]
    with pytest.raises(NinError, match=r"width 0.5: .* has one width"):
        grid(own, width=[0.5, 1]).contenders()
