"""One attempt of a training: a network, the Trainer and the place in the data it goes on from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import keras

from nin.backends.distribution import Layout
from nin.data import ImageData
from nin.models import Classifier, NiN
from nin.presets import find_preset
from nin.training.checkpoint import Place, load_checkpoint
from nin.training.description import rebuild
from nin.training.freezing import freeze
from nin.training.health import Finding
from nin.training.inheritance import inherit
from nin.training.optimizer import optimizer
from nin.training.precision import computing_in
from nin.training.recipe import Recipe
from nin.training.restart import at_rate
from nin.training.run import Run, load
from nin.training.trainer import Trainer
from nin.training.weights import count, differ, load_variables, save_variables, weights


class Attempt(NamedTuple):
    """What trains; a training that is begun again has several, one after the other.

    Attributes:
        recipe: with the learning rate of this attempt.
        data: the images.
        trainer: trains the model; not yet told what to call back.
        model: compiled, with the weights that it goes on from.
        place: where it goes on.
    """

    recipe: Recipe
    data: ImageData
    trainer: Trainer
    model: Classifier
    place: Place

    def findings(self) -> list[Finding]:
        """What was found before the last interruption, and new kinds of findings since."""
        kinds = {finding.kind for finding in self.place.findings}
        since = self.trainer.health.findings if self.trainer.health else []
        return [*self.place.findings, *(each for each in since if each.kind not in kinds)]

    @property
    def step(self) -> int:
        """How many steps the optimiser has made."""
        return int(self.model.optimizer.iterations)

    def settle(self, run: Run) -> int | None:
        """Decide which weights are the run's once training has ended, and return their epoch.

        They are those of the best epoch, which `run` holds. But a callback that changes weights
        when training ends, as averaging does, has the last word: its weights are saved, and no
        epoch is returned. One that only brings back those of the best epoch changes nothing.
        """
        now = weights(self.model)
        if differ(run.checkpoint_path, now) and differ(run.weights_path, now):
            save_variables(run.weights_path, now)
            return None
        return run.best_epoch()


def fresh(
    recipe: Recipe, data: ImageData, here: Layout, place: Place, note: str | None = None
) -> Attempt:
    """A new network at the beginning of `place`, which says how often it has been begun again.

    Args:
        recipe: what to train.
        data: the images.
        here: how the training is spread.
        place: before the first step.
        note: a line to print first, if any.
    """
    recipe = at_rate(recipe, place.restarts)
    keras.utils.set_random_seed(recipe.seed)
    trainer = _trainer(recipe, data, here)
    trainer.note(note)
    with computing_in(recipe.precision):
        model = NiN(
            num_classes=len(data.classes),
            preset=recipe.preset,
            width=recipe.width,
            dropout=recipe.dropout,
        )
        freeze(model, recipe.freeze)
        trainer.prepare_model(model, data)
    if recipe.init is not None:
        trainer.note(inherit(model, data.classes, load(recipe.init)))
        trainer.compile_model(model)
    return Attempt(recipe, data, trainer, model, place)


def as_it_was(run: Run, recipe: Recipe, data: ImageData, here: Layout, place: Place) -> Attempt:
    """The network of a run, and its optimiser, in the state of the run's checkpoint."""
    recipe = at_rate(recipe, place.restarts)
    keras.utils.set_random_seed(recipe.seed)
    trainer = _trainer(recipe, data, here)
    model = _rebuilt(run, run.checkpoint_path, recipe)
    trainer.compile_model(model)
    load_checkpoint(run, model)
    return Attempt(recipe, data, trainer, model, place)


def on_weights(run: Run, recipe: Recipe, data: ImageData, here: Layout) -> Attempt:
    """The network of a run with the weights it has, before the first step."""
    keras.utils.set_random_seed(recipe.seed)
    trainer = _trainer(recipe, data, here)
    model = _rebuilt(run, run.weights_path, recipe)
    load_variables(run.weights_path, weights(model))
    trainer.compile_model(model)
    return Attempt(recipe, data, trainer, model, Place())


def _rebuilt(run: Run, path: Path, recipe: Recipe) -> Classifier:
    """The network of a run, of the size of the weights at `path`, frozen as its recipe says."""
    with computing_in(recipe.precision):
        model = rebuild(run.record["model"], count(path))
    freeze(model, recipe.freeze, statistics=find_preset(recipe.preset).pretrained)
    return model


def _trainer(recipe: Recipe, data: ImageData, here: Layout) -> Trainer:
    steps = recipe.epochs * math.ceil(len(data.train.labels) / data.batch_size)
    return Trainer(
        recipe.epochs,
        gradient_clip_val=recipe.clip_norm,
        optimizer=optimizer(recipe, steps),
        verbose=here.is_chief,
    )
