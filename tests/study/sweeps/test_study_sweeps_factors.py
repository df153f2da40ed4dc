"""Factors: what can be varied, how values are read, and what is refused."""

from __future__ import annotations

import pytest

from nin import RECIPES
from nin.errors import NinError
from nin.networks.stages import Stage
from nin.study.sweeps.factors import as_factors

RECIPE = RECIPES["fashion28"]


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


LENET = RECIPE.revised(preset="lenet", dropout=None)
PRETRAINED = RECIPES["photos"].revised(finetune=True)
DEEP = RECIPES["cifar10-deep"]
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
        (
            PRETRAINED,
            {"head": ["none", "512"]},
            "head changes nothing in efficientnet-lite1",
        ),
        (
            PRETRAINED,
            {"activation": ["relu", "relu6"]},
            "layers are those of its pretrained weights",
        ),
        (STAGES, {"depth": [1, 2]}, "no stage is between its first and its last"),
        (STAGES, {"dropout": [0.1, 0.5]}, "none of its stages drops values"),
        (STAGES, {"pooling": ["max", "average"]}, "none of its stages is pooled"),
        (DEEP, {"batch_norm": [False, True]}, "every convolution before the class maps has it"),
        (RECIPE, {"resize_mode": ["crop", "squash"]}, "not read from picture files: fashion-mnist"),
        (RECIPE, {"saturation": [0, 0.5]}, "saturation changes nothing in grey images: fashion"),
    ],
)
def test_what_cannot_be_varied_is_refused_in_one_line(recipe, vary, said):
    with pytest.raises(NinError) as caught:
        as_factors(recipe, vary)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
