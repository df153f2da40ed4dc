"""The optimiser that a recipe asks for."""

from __future__ import annotations

from typing import Any

import keras

from nin.training.recipe import Recipe


def optimizer(recipe: Recipe, steps: int) -> Any:
    """The optimiser of `recipe`, for a training of `steps` batches, or parts of batches."""
    rate: Any = recipe.learning_rate
    # Keras counts every part of an accumulated batch as an iteration of the schedule.
    warmup = min(recipe.warmup * recipe.accumulate, steps // 10)
    parts = recipe.accumulate if recipe.accumulate > 1 else None
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warmup else rate,
            decay_steps=steps - warmup,
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(
            rate, weight_decay=recipe.weight_decay, gradient_accumulation_steps=parts
        )
    return keras.optimizers.SGD(
        rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay or None,
        gradient_accumulation_steps=parts,
    )
