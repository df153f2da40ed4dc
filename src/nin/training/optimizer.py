"""The optimiser that a recipe asks for."""

from __future__ import annotations

from typing import Any

import keras

from nin.training.recipe import Recipe
from nin.training.schedule import warmup


def optimizer(recipe: Recipe, steps: int) -> Any:
    """The optimiser of `recipe`, for a training of `steps` batches, or parts of batches."""
    rate: Any = recipe.learning_rate
    rising = warmup(recipe, steps)
    parts = recipe.accumulate if recipe.accumulate > 1 else None
    if recipe.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if rising else rate,
            decay_steps=steps - rising,
            warmup_target=rate if rising else None,
            warmup_steps=rising,
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
