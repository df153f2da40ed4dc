"""One attempt at a training: a network, the Trainer and the position to continue from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import keras

from nin import backends
from nin.backends.distribution import Layout
from nin.data import ImageData
from nin.errors import NinError
from nin.models import Classifier, make_net
from nin.models.geometry import leaves
from nin.networks.lookup import find_network
from nin.training.averaging import averaged_variables
from nin.training.health import Finding
from nin.training.precision import precision_policy
from nin.training.preflight import too_deep
from nin.training.recipe import Recipe, network_of
from nin.training.restart import with_restart_rate
from nin.training.runs.checkpoint import Position, load_checkpoint
from nin.training.runs.evaluation import evaluate
from nin.training.runs.run import Run, load
from nin.training.runs.weights import differ_from_file, load_weights, save_variables, weights
from nin.training.schedule import optimizer
from nin.training.trainer import Trainer
from nin.training.warm_start import warm_start


class Attempt(NamedTuple):
    """One attempt at a training; each restart makes a new one.

    Attributes:
        recipe: with the learning rate of this attempt.
        data: the images.
        trainer: trains the model; it does not have its callbacks yet.
        model: compiled, with the weights to continue from.
        position: where to continue.
    """

    recipe: Recipe
    data: ImageData
    trainer: Trainer
    model: Classifier
    position: Position

    def findings(self) -> list[Finding]:
        """Findings from before the last interruption, and new kinds of findings since."""
        kinds = {finding.kind for finding in self.position.findings}
        since = self.trainer.health.findings if self.trainer.health else []
        return [*self.position.findings, *(each for each in since if each.kind not in kinds)]

    @property
    def step(self) -> int:
        """Number of steps that the optimiser has taken."""
        return int(self.model.optimizer.iterations)

    def choose_weights(self, run: Run) -> int | None:
        """Decide which weights the run keeps once training has ended, and return their epoch.

        Usually they are those of the best epoch, which `run` holds. A callback that changes the
        weights when training ends, as averaging does, takes precedence: its weights are saved, and
        None is returned. That does not count if it only restores the weights of the best epoch, or
        if the recipe averages the weights, because a run then keeps the averages. The head fitted
        before fine-tuning is only replaced by weights that are better on held-out images.
        """
        if averaged_variables(self.model):
            return run.best_epoch()
        now = weights(self.model)
        if differ_from_file(run.checkpoint_path, now) and differ_from_file(run.weights_path, now):
            if "head" in run.record and self._is_worse(run.best_loss(run.metrics())):
                return run.best_epoch()
            save_variables(run.weights_path, now)
            return None
        return run.best_epoch()

    def _is_worse(self, best: float | None) -> bool:
        """Whether the present weights have a higher loss than `best` on held-out images."""
        if best is None:
            return False
        try:
            found = evaluate(self.model, self.data.validation_split, self.data.classes)
        except NinError:  # Predictions are not finite.
            return True
        return not found.loss <= best


def new_attempt(
    recipe: Recipe, data: ImageData, here: Layout, position: Position, note: str | None = None
) -> Attempt:
    """A new network before its first step.

    Args:
        recipe: what to train.
        data: the images.
        here: how the training is spread over devices.
        position: before the first step, with the restarts so far.
        note: a line to print first, if any.
    """
    recipe = with_restart_rate(recipe, position.restarts)
    trainer = _trainer(recipe, data, here)
    trainer.note(note)
    with precision_policy(recipe.precision):
        model = new_network(recipe, data)
        freeze(model, recipe.freeze)
        trainer.prepare_model(model, data)
        _check_trained(model, recipe)
    if recipe.init is not None:
        trainer.note(warm_start(model, data.classes, load(recipe.init)))
        trainer.compile_model(model)
    return Attempt(recipe, data, trainer, model, position)


def new_network(recipe: Recipe, data: ImageData) -> Classifier:
    """The recipe's network, not yet built.

    Raises:
        NinError: a custom network cannot be made; states why.
    """
    net, arguments = network_of(recipe)
    height, width = data.resize or data.image_shape[:2]
    return make_net(net, len(data.classes), (height, width, data.image_shape[2]), **arguments)


def resumed_attempt(
    run: Run, recipe: Recipe, data: ImageData, here: Layout, position: Position
) -> Attempt:
    """The network of a run, and its optimiser, in the state of the run's checkpoint."""
    recipe = with_restart_rate(recipe, position.restarts)
    trainer = _trainer(recipe, data, here)
    model = _rebuilt(run, run.checkpoint_path, recipe)
    trainer.compile_model(model)
    load_checkpoint(run, model)
    return Attempt(recipe, data, trainer, model, position)


def finetuning_attempt(run: Run, recipe: Recipe, data: ImageData, here: Layout) -> Attempt:
    """The network of a run with its present weights, before the first step."""
    trainer = _trainer(recipe, data, here)
    model = _rebuilt(run, run.weights_path, recipe)
    load_weights(run.weights_path, model)
    trainer.compile_model(model)
    return Attempt(recipe, data, trainer, model, Position())


def freeze(model: Classifier, layers: int, *, statistics: bool = False) -> None:
    """Freeze the first layers of a network; call this before it is compiled.

    Args:
        model: with a `keras.Sequential` as its `net`.
        layers: how many of the layers of `net`, counted from the image.
        statistics: whether every batch normalisation keeps its moving averages and also uses them
            in training. Averages over a few photographs at a time would be worse than those over
            the many that the network was pretrained on.

    Raises:
        RecipeError: the network has fewer layers, or none would be left to train.
    """
    parts = getattr(model.net, "layers", [])
    if layers and layers >= len(parts):
        raise too_deep(layers, len(parts))
    for layer in parts[:layers]:
        layer.trainable = False
    if statistics:
        for layer in leaves(model.net):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False


def _rebuilt(run: Run, path: Path, recipe: Recipe) -> Classifier:
    """The network of a run, frozen as in its recipe; it must fit the weights at `path`."""
    with precision_policy(recipe.precision):
        model: Classifier = run.network(path)
    freeze(model, recipe.freeze, statistics=find_network(recipe.preset).pretrained)
    _check_trained(model, recipe)
    return model


def _check_trained(model: Classifier, recipe: Recipe) -> None:
    """Refuse a network whose layers with weights are all frozen."""
    if recipe.freeze and not model.trainable_variables:
        raise too_deep(recipe.freeze, len(model.net.layers))


def _trainer(recipe: Recipe, data: ImageData, here: Layout) -> Trainer:
    backends.set_random_seed(recipe.seed)
    steps = recipe.epochs * math.ceil(len(data.train.labels) / data.batch_size)
    trainer = Trainer(
        recipe.epochs,
        gradient_clip_val=recipe.clip_norm,
        optimizer=optimizer(recipe, steps),
        verbose=here.is_chief,
    )
    trainer.is_part_of_run = True
    return trainer
