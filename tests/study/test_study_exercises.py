"""The chapter's exercises: the networks they ask for, to the parameter."""

from __future__ import annotations

import pytest

from nin.accounting import count_parameters, walk
from nin.errors import NinError, UnknownNameError
from nin.models import PRESETS
from nin.study import EXERCISES, exercise_contenders
from nin.study.exercises import BASE

BOOK = (224, 224, 1)
TRUNK = 30_336 + 746_240 + 1_180_800


def by_name(exercise, preset="book", width=1.0):
    contenders = exercise_contenders([exercise], preset, width)
    return {contender.name: contender for contender in contenders}


def parameters(contender):
    return count_parameters(contender.make(10).net, BOOK)


@pytest.mark.parametrize(
    ("exercise", "name", "weights", "millions"),
    [
        ("ones", BASE, 1_992_166, 762),
        ("ones", "one 1×1", 1_769_112, 670),
        ("ones", "three 1×1", 2_215_220, 855),
        ("windows", "3×3 for 1×1", 5_549_094, 2_241),
        ("head", "flatten, dense", TRUNK + 96_010, None),
        ("head", "4096-4096 head", TRUNK + 56_147_978, None),
        ("end", "no ReLU on maps", 1_992_166, 762),
    ],
)
def test_published_counts(exercise, name, weights, millions):
    contender = by_name(exercise)[name]
    assert parameters(contender) == weights
    steps = walk(contender.make(10).net, BOOK)
    if millions is not None:
        assert round(sum(step.multiply_adds for step in steps) / 1e6) == millions


def test_every_exercise_begins_with_the_network_as_printed():
    for number, name in enumerate(EXERCISES, 1):
        first, *others = exercise_contenders([str(number)], "book")
        assert first.name == BASE
        assert parameters(first) == 1_992_166
        assert first.group.startswith(f"{number}. ")
        assert all(parameters(other) for other in others)
        assert exercise_contenders([name], "book") == [first, *others]
    assert len(exercise_contenders([], "book")) == 6 + 2 + 1 + 2 + 0 + 3 + 5


def test_the_end_narrows_in_steps():
    last = by_name("end")["tapered"].arguments["stages"][-1]
    assert last.widths == (192, 48, 0)
    names = [
        type(layer).__name__
        for layer in by_name("end")["no ReLU on maps"].make(10).net.layers[-3].layers
    ]
    assert names == ["Conv2D", "Activation", "Conv2D", "Activation", "Conv2D"]


def test_the_family_grows_in_depth_and_width():
    family = by_name("family")
    assert set(family) == {
        BASE,
        *("NiN-12 ×0.5", "NiN-18 ×0.5", "NiN-24 ×0.5", "NiN-18 ×1", "NiN-24 ×1"),
    }
    for name, contender in family.items():
        net = contender.make(10).net
        depth = sum("Conv2D" in step.layer for step in walk(net, BOOK))
        assert depth == (12 if name == BASE else int(name[4:6]))
    sizes = [parameters(family[f"NiN-{depth} ×0.5"]) for depth in (12, 18, 24)]
    assert sizes == sorted(sizes)


def test_width_scales_every_variant_but_its_class_maps():
    half = by_name("family", width=0.5)
    assert parameters(half[BASE]) == parameters(by_name("family")["NiN-12 ×0.5"])
    assert half["NiN-12 ×0.5"].arguments["width"] == 0.25


@pytest.mark.parametrize("preset", [name for name in PRESETS if not PRESETS[name].pretrained])
@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_can_be_put_to_every_preset(preset, name):
    height, width, channels = PRESETS[preset].input_shape
    for contender in exercise_contenders([name], preset):
        steps = walk(contender.make(7).net, (height, width, channels))
        assert steps[-1].output_shape == (7,)


def test_unknown_exercise_is_refused():
    with pytest.raises(UnknownNameError, match="unknown exercise 'heads': did you mean 'head'"):
        exercise_contenders(["heads"], "book")


def test_exercises_are_for_networks_of_mlpconv_blocks():
    with pytest.raises(NinError, match="vary mlpconv blocks, and efficientnet-lite0 has others"):
        exercise_contenders(["ones"], "efficientnet-lite0")
