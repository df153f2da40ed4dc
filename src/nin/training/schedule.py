"""How long a training is, and its optimiser: from the recipe and the number of images.

A network learns in steps, not in epochs. Sixty-four images in batches of 64 are one step per epoch:
fifteen epochs of them end before the learning rate has settled, and a warm-up that is a tenth of
fifteen steps is one step, after which AdamW moves every weight by the full rate; the class maps
then often fall below zero, all of them, for good. So a small folder gets smaller batches and more
epochs, and the learning rate takes up to a third of the training to rise.
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

    The batch is halved while an epoch has fewer than `recipe.least_batches` batches and the half
    is no smaller than 16; then there are as many epochs as hold `recipe.least_steps` steps, or the
    recipe's own if those are more. Large sets keep the recipe as it is, and so does whoever gives
    a batch size or epochs: `Recipe.revised` sets the two bounds to 0 then.

    Args:
        recipe: as it was given.
        images: how many there are to train on, at least 1.
    """
    batch = recipe.batch_size
    while math.ceil(images / batch) < recipe.least_batches and _can_be_halved(batch, recipe):
        batch //= 2
    shorter = recipe.model_copy(update={"batch_size": batch})
    least = math.ceil(recipe.least_steps * recipe.accumulate / _parts_per_epoch(shorter, images))
    epochs = max(recipe.epochs, least)
    return shorter.model_copy(update={"epochs": epochs})


def steps_of(recipe: Recipe, images: int) -> int:
    """How many steps of the optimiser a training has; an accumulated batch is one."""
    return recipe.epochs * _parts_per_epoch(recipe, images) // recipe.accumulate


def _parts_per_epoch(recipe: Recipe, images: int) -> int:
    """How many batches, or parts of batches; what is left of one goes on in the next epoch."""
    return math.ceil(images / recipe.part_size)


def warmup_steps(recipe: Recipe, steps: int) -> int:
    """Over how many of `steps` the learning rate rises: the recipe's, a third of all at most; a
    constant rate does not rise.

    Both are in the optimiser's iterations, of which an accumulated batch has one for each part.
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
        # The average follows after each part of a batch.
        momentum = recipe.ema_momentum ** (1 / recipe.accumulate)
        settings |= {"use_ema": True, "ema_momentum": momentum}
    if recipe.weight_decay:  # Keras would compute one of zero, and the rate, for every variable.
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
