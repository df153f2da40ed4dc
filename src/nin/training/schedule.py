"""The length of a training and its optimiser, from the recipe and the number of images.

A network learns in steps, not in epochs. Sixty-four images in batches of 64 are one step per epoch:
fifteen epochs end before the learning rate has settled, and a warm-up of a tenth of fifteen steps
is one step, after which AdamW moves every weight by the full rate. Then all class maps often fall
below zero for good. So a small folder gets smaller batches and more epochs, and the learning rate
takes up to a third of the training to rise.
"""

from __future__ import annotations

import math
from typing import Any

from nin.training.recipe import Recipe
from nin.training.runs.run_format import ScheduleRecord

#: Batches are not made smaller than this: the gradient of fewer images is too noisy.
SMALLEST_BATCH = 16
#: The learning rate rises for at most this share of all steps.
LONGEST_WARMUP = 1 / 3


def adjust(recipe: Recipe, images: int) -> Recipe:
    """The recipe with a batch size and epochs that suit the number of training images.

    The batch size is halved while an epoch has fewer than `recipe.least_batches` batches and half
    of it is at least 16. Then there are enough epochs for `recipe.least_steps` steps, or the
    recipe's own number if that is larger. Large data sets keep the recipe as it is. So does a given
    batch size or number of epochs: `Recipe.revised` then sets its bound to 0.

    Args:
        recipe: the recipe as given.
        images: number of training images, at least 1.
    """
    batch = recipe.batch_size
    while math.ceil(images / batch) < recipe.least_batches and _can_be_halved(batch, recipe):
        batch //= 2
    shorter = recipe.model_copy(update={"batch_size": batch})
    least = math.ceil(recipe.least_steps * recipe.accumulate / _parts_per_epoch(shorter, images))
    epochs = max(recipe.epochs, least)
    return shorter.model_copy(update={"epochs": epochs})


def steps_of(recipe: Recipe, images: int) -> int:
    """Number of steps that the optimiser takes in a training; an accumulated batch is one."""
    return recipe.epochs * _parts_per_epoch(recipe, images) // recipe.accumulate


def _parts_per_epoch(recipe: Recipe, images: int) -> int:
    """Number of batches, or parts of them; an incomplete batch continues in the next epoch."""
    return math.ceil(images / recipe.part_size)


def warmup_steps(recipe: Recipe, steps: int) -> int:
    """Length of the warm-up: the recipe's, but at most a third of `steps`; 0 at a constant rate.

    Both count the optimiser's iterations, of which an accumulated batch has one for each part.
    """
    if recipe.schedule != "cosine":
        return 0
    return min(recipe.warmup * recipe.accumulate, int(steps * LONGEST_WARMUP))


def optimizer(recipe: Recipe, steps: int) -> Any:
    """The optimiser of `recipe`, for a training of `steps` batches, or parts of batches."""
    import keras

    rate: Any = recipe.learning_rate
    rising = warmup_steps(recipe, steps)
    parts = recipe.accumulate if recipe.accumulate > 1 else None
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if rising else rate,
            decay_steps=steps - rising,
            warmup_target=rate if rising else None,
            warmup_steps=rising,
        )
    settings: dict[str, Any] = {"gradient_accumulation_steps": parts}
    if recipe.ema_momentum:
        # The average is updated after each part of a batch.
        momentum = recipe.ema_momentum ** (1 / recipe.accumulate)
        settings |= {"use_ema": True, "ema_momentum": momentum}
    if recipe.weight_decay:  # Keras would compute even a decay of 0 for every variable.
        settings |= {"weight_decay": recipe.weight_decay}
    if recipe.optimizer == "sgd":
        made = keras.optimizers.SGD(rate, momentum=recipe.momentum, **settings)
    elif recipe.weight_decay:
        made = keras.optimizers.AdamW(rate, **settings)
    else:
        made = keras.optimizers.Adam(rate, **settings)
    if not recipe.decay_biases:
        made.exclude_from_weight_decay(var_names=[r"(bias|gamma|beta)(:\d+)?$"])
    return made


def schedule_record(recipe: Recipe, images: int) -> ScheduleRecord:
    """The length of a training by `recipe`, for its record."""
    parts = recipe.epochs * _parts_per_epoch(recipe, images)
    return {
        "images": images,
        "batch_size": recipe.batch_size,
        "epochs": recipe.epochs,
        "steps": steps_of(recipe, images),
        "warmup": warmup_steps(recipe, parts) // recipe.accumulate,
    }


def adjustment_note(given: Recipe, used: Recipe, images: int) -> str | None:
    """One line on how `adjust` changed a recipe; None if it did not."""
    if used == given:
        return None
    steps = steps_of(used, images)
    return (
        f"{images:,} training images are few: batches of {used.batch_size} for"
        f" {used.epochs:,} epochs, {steps:,} steps (the recipe: {given.batch_size}, {given.epochs})"
    )


def _can_be_halved(batch: int, recipe: Recipe) -> bool:
    half, odd = divmod(batch, 2)
    return not odd and half >= SMALLEST_BATCH and half % recipe.accumulate == 0
