"""`lr_find`: the range test of learning rates (Smith 2017).

The rate rises from step to step, by the same factor, until the loss diverges: *Cyclical Learning
Rates for Training Neural Networks*, arXiv 1506.01186, section 3.3. The logarithmic spacing and the
suggestion of one rate are from fastai's `lr_find`. How good the suggestion is was measured: see
docs/experiments.md.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from nin.backends import random_state_restored
from nin.backends.distribution import layout
from nin.data import ImageData, ImageFolder
from nin.errors import Advice, Argument, NinError, RecipeError, TrainingDiedError
from nin.files import expand, obstacle
from nin.networks.lookup import find_network
from nin.plotting import has_mark
from nin.training.learning_rate_range import MARK, LearningRateRange
from nin.training.precision import resolve_precision
from nin.training.preflight import check_recipe
from nin.training.recipe import Recipe
from nin.training.recipe_choice import What, recipe_of
from nin.training.recipe_fields import RecipeFields, not_none

#: The first rate and the last.
LOWEST, HIGHEST = 1e-6, 10.0
#: Number of steps, each at another rate.
STEPS = 100
#: The loss has diverged when its average is this many times the lowest so far.
DIVERGED = 4.0


def lr_find(
    recipe: What = None,
    out: str | Path | None = None,
    *,
    skip_bad: bool = False,
    classes: Sequence[str] | None = None,
    **options: Unpack[RecipeFields],
) -> LearningRateRange:
    """Try learning rates from tiny to large, and suggest one, as ``nin train --find-lr`` does.

    A fresh network takes 100 steps on training images while the rate rises from 0.000001 to 10, or
    until the loss is four times its lowest. The network is discarded, and no run is made.

    For NiN, measurements found the suggestion mostly too low, since the loss hardly moves in the
    first steps: see docs/experiments.md. `nin.tune`, and the `rates` of `nin.compare` and
    `nin.sweep`, compare whole trainings.

    Args:
        recipe: as for `nin.train`.
        out: where to write a picture of the losses, a ``.png``; None for no picture.
        skip_bad: skip images of a folder that cannot be read.
        classes: names of the classes, for arrays and loaders.
        options: fields of `Recipe` to override.

    Returns:
        The losses, with ``suggestion``, a tenth of the rate at which their moving average is
        lowest, and ``plot()``.

    Raises:
        RecipeError: a value is invalid, or the network is frozen: its head is fitted to its
            optimum, without a learning rate.
        TrainingDiedError: the loss is not finite at the first step.
        NinError: as from `nin.train`; or `out` cannot be written.

    Example:
        >>> found = nin.lr_find("digits", preset="lenet", limit=64)
        >>> len(found.rates) == len(found.losses) <= 100
        True
    """
    if isinstance(recipe, ImageFolder):
        skip_bad = skip_bad or recipe.skip_bad
    chosen = recipe_of(recipe, {**options, **not_none(classes=classes)})
    picture = None if out is None else _checked_picture(expand(out))
    if find_network(chosen.preset).pretrained and not chosen.finetune:
        raise RecipeError(
            "a frozen network's head is fitted to its optimum, which has no learning rate",
            Advice("add {}", Argument("finetune", True)),
            Advice("train another {}", Argument("preset")),
        )
    data = check_recipe(chosen, skip_bad=skip_bad)
    with random_state_restored():
        found = _tried(resolve_precision(chosen), data, skip_bad)
    if picture is not None:
        found.save(picture)
    return found


def _checked_picture(path: Path) -> Path:
    """Refuse a path where no picture can be written, before anything is computed."""
    if path.suffix.lower() != ".png":
        raise NinError("the picture is a .png", about=Argument("out", path))
    if problem := obstacle(path.parent) or ("it is a folder" if path.is_dir() else None):
        raise NinError(f"cannot write the picture: {problem}", about=Argument("out", path))
    if path.exists() and not has_mark(path, MARK):
        raise NinError(
            "it exists already, and is not marked as a range test's: delete it, or give another"
            " name",
            about=Argument("out", path),
        )
    return path


def _tried(recipe: Recipe, data: ImageData, skip_bad: bool) -> LearningRateRange:
    constant = recipe.revised(schedule="constant", learning_rate=LOWEST)
    rates = np.geomspace(LOWEST, HIGHEST, STEPS)
    with tempfile.TemporaryDirectory() as folder:
        attempt = _attempt(constant, data, Path(folder) / "run", skip_bad)
        found = LearningRateRange(recipe.name, recipe.learning_rate, (), ())
        for rate, loss in zip(rates, _losses(attempt, rates), strict=False):
            if not math.isfinite(loss):
                break
            rates_so_far, losses = (*found.rates, float(rate)), (*found.losses, loss)
            found = found._replace(rates=rates_so_far, losses=losses)
            if found.smoothed[-1] > DIVERGED * found.smoothed.min():
                break
    if not found.losses:
        raise TrainingDiedError(
            "the loss is not finite at the first step: no learning rate makes up for that"
        )
    return found


def _attempt(recipe: Recipe, data: ImageData, run: Path, skip_bad: bool) -> Any:
    """A network before its first step, as `nin.train` would make it."""
    from nin.training.attempt import finetuning_attempt, new_attempt
    from nin.training.pipeline import check_custom
    from nin.training.runs.checkpoint import Position
    from nin.training.schedule import adjust

    if recipe.finetune:  # A head is fitted first, in a run that is discarded.
        from nin.training.transfer_learning.transfer import train_head

        try:
            head = train_head(recipe, run, data=data, skip_bad=skip_bad)
        except KeyboardInterrupt:  # Its message names the run, which is discarded.
            raise KeyboardInterrupt("stopped") from None
        data = head.images.open(skip_bad=skip_bad)
    else:
        check_custom(recipe, data)
    recipe = adjust(recipe, len(data.train.labels))
    data.batch_size = recipe.part_size
    if recipe.finetune:
        return finetuning_attempt(head, recipe, data, layout())
    return new_attempt(recipe, data, layout(), Position())


def _losses(attempt: Any, rates: Any) -> Iterator[float]:
    """The loss of a step at each of `rates`, one after the other."""
    from nin.training.custom_hooks import is_compilable, needs_book_loop
    from nin.training.loaders import open_loaders

    model, parts = attempt.model, attempt.recipe.accumulate
    if needs_book_loop(attempt.trainer, model):
        raise NinError(
            f"{type(model).__name__} has a training_step of its own, which a range test of learning"
            " rates does not call"
        )
    loaders = open_loaders(attempt.data)
    if not is_compilable(model, loaders.train):
        model.run_eagerly, model.jit_compile = True, False
    with loaders.reading_ahead():
        batches = _endless(loaders.train)
        for rate in rates:
            model.optimizer.learning_rate = rate
            yield float(np.mean([_step(model, next(batches)) for _ in range(parts)]))


def _step(model: Any, batch: Sequence[Any]) -> float:
    from nin.data.loader import as_numpy

    model.reset_metrics()
    logs = model.train_on_batch(*map(as_numpy, batch), return_dict=True)
    return float(logs["loss"])


def _endless(loader: Any) -> Iterator[Sequence[Any]]:
    """The batches of one epoch after another, without smaller ones at the end of each."""
    size = None
    while True:
        for batch in loader:
            size = size or len(batch[0])
            if len(batch[0]) == size:
                yield batch
        if hasattr(loader, "on_epoch_end"):
            loader.on_epoch_end()
