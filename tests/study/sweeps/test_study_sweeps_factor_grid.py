"""Combinations of factors as contenders, and those that a network refuses."""

from __future__ import annotations

import pytest
from custom_networks import write_nets

from nin import RECIPES
from nin.errors import NinError
from nin.study.sweeps.factor_grid import Grid
from nin.study.sweeps.factors import as_factors

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
