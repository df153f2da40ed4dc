"""How a network learns: the Trainer, its start, recipes, runs and the health watch."""

from nin import backends

backends.choose()

from nin.training.board import ProgressBoard  # noqa: E402
from nin.training.evaluation import Evaluation, evaluate  # noqa: E402
from nin.training.health import Finding, HealthWatch  # noqa: E402
from nin.training.initialization import start  # noqa: E402
from nin.training.pipeline import resume, train  # noqa: E402
from nin.training.recipe import Recipe  # noqa: E402
from nin.training.recipes import RECIPES, recipe  # noqa: E402
from nin.training.run import Run, load  # noqa: E402
from nin.training.trainer import Trainer  # noqa: E402

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
    "load",
    "recipe",
    "resume",
    "start",
    "train",
]
