"""Batch, epochs and warm-up follow from the number of images; what is given is obeyed."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nin
from nin.training import Recipe
from nin.training.schedule import (
    SMALLEST_BATCH,
    adjust,
    adjustment_note,
    optimizer,
    schedule_record,
    steps_of,
    warmup_steps,
)


@st.composite
def recipes(draw):
    accumulate = draw(st.sampled_from([1, 2, 3, 8]))
    return Recipe(
        name="any",
        data="any",
        epochs=draw(st.integers(1, 100)),
        batch_size=accumulate * draw(st.integers(1, 300)),
        accumulate=accumulate,
        learning_rate=0.001,
        least_steps=draw(st.integers(0, 1000)),
        least_batches=draw(st.integers(0, 32)),
        warmup=draw(st.integers(0, 200)),
    )


@given(recipe=recipes(), images=st.integers(1, 100_000))
def test_a_fitted_recipe_keeps_its_promises(recipe, images):
    used = adjust(recipe, images)
    assert Recipe.parse(used.model_dump()) == used, "parts are equal, values in range"
    assert adjust(used, images) == used
    assert used.epochs >= recipe.epochs
    assert steps_of(used, images) >= recipe.least_steps
    assert used.batch_size <= recipe.batch_size
    assert used.batch_size >= min(recipe.batch_size, SMALLEST_BATCH)
    changed = {"batch_size", "epochs"}
    assert used.model_dump(exclude=changed) == recipe.model_dump(exclude=changed)
    # Not more epochs than are needed, nor smaller batches.
    fewer = used.model_copy(update={"epochs": used.epochs - 1})
    assert used.epochs == recipe.epochs or steps_of(fewer, images) < recipe.least_steps
    if used.batch_size < recipe.batch_size:
        assert math.ceil(images / (2 * used.batch_size)) < recipe.least_batches


@given(recipe=recipes(), images=st.integers(1, 5000))
def test_what_is_given_is_obeyed(recipe, images):
    used = adjust(recipe.revised(epochs=recipe.epochs), images)
    assert used.epochs == recipe.epochs
    used = adjust(recipe.revised(batch_size=recipe.batch_size), images)
    assert used.batch_size == recipe.batch_size
    both = recipe.revised(epochs=recipe.epochs, batch_size=recipe.batch_size)
    assert adjustment_note(both, adjust(both, images), images) is None


@given(recipe=recipes(), steps=st.integers(1, 3000))
def test_the_rate_rises_for_a_third_at_most_and_then_falls_to_zero(recipe, steps):
    rising = warmup_steps(recipe, steps)
    assert 0 <= rising <= min(recipe.warmup * recipe.accumulate, steps / 3)
    assert rising == recipe.warmup * recipe.accumulate or rising > steps / 3 - 1


def test_the_optimiser_follows():
    recipe = nin.RECIPES["scratch"].revised(accumulate=2)
    rate = optimizer(recipe, 90)._learning_rate
    assert [round(float(rate(step)) / recipe.learning_rate, 6) for step in (0, 15, 30, 90)] == [
        0,
        0.5,
        1,
        0,
    ]


def test_biases_and_norms_are_spared_from_decay_only_where_that_is_asked_for():
    made = nin.RECIPES["digits"].revised(weight_decay=0.1)
    for optimiser in ("adamw", "sgd"):
        for decay_biases in (True, False):
            recipe = made.revised(optimizer=optimiser, decay_biases=decay_biases)
            steps = optimizer(recipe, 10)
            for name in ("kernel", "bias", "gamma", "beta"):
                variable = keras.Variable([1.0], name=name)
                assert steps._use_weight_decay(variable) == (decay_biases or name == "kernel")


def test_an_average_of_parts_of_batches_is_as_long_as_one_of_batches():
    recipe = nin.RECIPES["digits"].revised(ema_momentum=0.9, accumulate=2)
    assert optimizer(recipe, 10).ema_momentum ** 2 == pytest.approx(0.9)
    assert not optimizer(recipe.revised(ema_momentum=0.0), 10).use_ema


def test_sixty_four_pictures_are_no_longer_fifteen_steps():
    recipe = nin.RECIPES["scratch"]
    used = adjust(recipe, 64)
    assert schedule_record(used, 64) == {
        "images": 64,
        "batch_size": 16,
        "epochs": 75,
        "steps": 300,
        "warmup": 100,
    }
    assert adjustment_note(recipe, used, 64) == (
        "64 training images are few: batches of 16 for 75 epochs, 300 steps (the recipe: 64, 15)"
    )
    assert adjust(recipe, 3000) == recipe
    assert adjustment_note(recipe, recipe, 3000) is None


def test_least_steps_are_made_where_batches_come_in_parts():
    recipe = nin.RECIPES["scratch"].revised(batch_size=32, accumulate=8, least_steps=300)
    used = adjust(recipe, 33)
    made = used.epochs * math.ceil(33 / used.part_size) // 8
    assert made >= 300
    assert schedule_record(used, 33)["steps"] == made


def test_a_constant_rate_has_no_warm_up():
    recipe = nin.RECIPES["digits"].revised(schedule="constant")
    assert schedule_record(recipe, 1000)["warmup"] == 0


@pytest.mark.every_backend
def test_a_kernel_decays_whatever_its_network_is_called():
    recipe = nin.RECIPES["digits"].revised(
        optimizer="sgd", schedule="constant", learning_rate=1.0, weight_decay=0.5,
        decay_biases=False,
    )  # fmt: skip
    net = keras.Sequential([keras.layers.Dense(2)], name="betanet")
    net.build((None, 3))
    steps, weights = optimizer(recipe, 10), net.trainable_variables
    steps.build(weights)
    before = keras.ops.convert_to_numpy(weights[0])
    steps.apply([keras.ops.zeros(each.shape) for each in weights], weights)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(weights[0]), before / 2, rtol=1e-6)
