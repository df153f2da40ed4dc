"""How a network learns: the Trainer, its start, recipes, runs and the health watch.

Everything is loaded when first used: recipes and runs can be read without Keras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nin._lazy import attach

if TYPE_CHECKING:
    from nin.training.board import ProgressBoard
    from nin.training.dispatch import resume, train
    from nin.training.evaluation import Evaluation, evaluate
    from nin.training.health import Finding, HealthWatch
    from nin.training.initialization import start
    from nin.training.recipe import Recipe
    from nin.training.recipes import RECIPES, find_recipe
    from nin.training.run import Run, load
    from nin.training.trainer import Trainer

__all__ = [
    "RECIPES",
    "Evaluation",
    "Finding",
    "HealthWatch",
    "ProgressBoard",
    "Recipe",
    "Run",
    "Trainer",
    "evaluate",
    "find_recipe",
    "load",
    "resume",
    "start",
    "train",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "nin.training.board": ("ProgressBoard",),
        "nin.training.dispatch": ("resume", "train"),
        "nin.training.evaluation": ("Evaluation", "evaluate"),
        "nin.training.health": ("Finding", "HealthWatch"),
        "nin.training.initialization": ("start",),
        "nin.training.recipe": ("Recipe",),
        "nin.training.recipes": ("RECIPES", "find_recipe"),
        "nin.training.run": ("Run", "load"),
        "nin.training.trainer": ("Trainer",),
    },
)
