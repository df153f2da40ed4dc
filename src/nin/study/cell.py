"""`Cell`: one training of a comparison, and what came of it."""

from __future__ import annotations

import hashlib
import json
import math
import time
from typing import Any, NamedTuple

import keras
from pydantic import BaseModel, ConfigDict

from nin import backends
from nin.data import ImageData
from nin.errors import NinError
from nin.study.contender import Contender
from nin.training import Recipe, Trainer, evaluate
from nin.training.dataset import open_images
from nin.training.evaluation import final_split
from nin.training.precision import precision_policy
from nin.training.schedule import optimizer

#: Learning rates are chosen with this seed, which no comparison is judged by.
SEARCH_SEED = 2**31


class Outcome(BaseModel):
    """What a training came to.

    Attributes:
        validation: accuracy on the held-out training images, after the last epoch.
        accuracy: on the images that all is judged by; None while a learning rate is searched.
        n: how many images those are.
        curve: held-out accuracy after each epoch.
        seconds: of training, without the first batch (in which it is compiled) and validation.
        died: whether the health watch gave it up.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    validation: float
    accuracy: float | None
    n: int
    curve: list[float]
    seconds: float
    died: bool


class Cell(NamedTuple):
    """One training: a network, the recipe with learning rate and seed, and the images' digest.

    Attributes:
        contender: the network.
        recipe: all but the network.
        steps: how many batches; the recipe's epochs are as many as hold them.
        fingerprint: of the images as the comparison found them, so that a result is not taken for
            that of others.
        effort: how much work it is, in any unit; the time left is reckoned from it.
    """

    contender: Contender
    recipe: Recipe
    steps: int
    fingerprint: str
    effort: float = 1.0

    @property
    def is_search(self) -> bool:
        """Whether this training only helps to choose a learning rate."""
        return self.recipe.seed == SEARCH_SEED

    def revised(self, learning_rate: float, seed: int) -> Cell:
        """The training of the same network with this rate and seed."""
        recipe = self.recipe.revised(learning_rate=learning_rate, seed=seed)
        return self._replace(recipe=recipe)

    def spec(self) -> dict[str, Any]:
        """All that decides the result, as JSON values; its names and the effort do not."""
        recipe = self.recipe.model_dump(mode="json", exclude={"name", "preset", "width", "dropout"})
        return {
            "net": self.contender.net,
            "arguments": json.loads(json.dumps(self.contender.arguments)),
            "recipe": recipe,
            "steps": self.steps,
            "fingerprint": self.fingerprint,
            "backend": backends.choose(),
        }

    def key(self) -> str:
        """Tells this training from all others."""
        text = json.dumps(self.spec(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def train_cell(cell: Cell) -> Outcome:
    """Train once. Whatever is random comes from the recipe's seed."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(cell.recipe.seed)
    data = open_images(cell.recipe)
    clock = _Clock(cell.steps)
    trainer = Trainer(
        cell.recipe.epochs,
        gradient_clip_val=cell.recipe.clip_norm,
        optimizer=optimizer(cell.recipe, cell.steps),
        callbacks=[clock],
        verbose=False,
    )
    with precision_policy(cell.recipe.precision):
        model = cell.contender.make(len(data.classes))
        trainer.fit(model, data)
    assert trainer.health is not None
    accuracy, n = (None, 0) if cell.is_search else _judge(model, data)
    return Outcome(
        validation=trainer.history["val_accuracy"][-1],
        accuracy=accuracy,
        n=n,
        curve=trainer.history["val_accuracy"],
        seconds=round(clock.seconds, 3),
        died=trainer.health.died is not None,
    )


def _judge(model: Any, data: ImageData) -> tuple[float, int]:
    _, split = final_split(data)
    try:
        return evaluate(model, split, data.classes).accuracy, len(split.labels)
    except NinError:
        # Answers that are not finite name no class.
        return 0.0, len(split.labels)


class _Clock(keras.callbacks.Callback):
    """Adds up the time of training, and ends it after so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps
        self.seconds = 0.0
        self._done = 0
        self._since: float | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the clock, except before the very first batch."""
        self._since = time.perf_counter() if self._done else None

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Take the time since the last batch."""
        now = time.perf_counter()
        self.seconds += 0.0 if self._since is None else now - self._since
        self._since = now
        self._done += 1
        if self._done >= self.steps:
            self.model.stop_training = True


def steps_of(recipe: Recipe, images: int, budget_images: float | None) -> tuple[Recipe, int]:
    """How long a training is, in batches or parts of them, and the recipe with epochs to hold them.

    Args:
        recipe: says how many epochs and how large a batch.
        images: how many training images there are.
        budget_images: how many images to train on in all, in place of whole epochs.
    """
    an_epoch = math.ceil(images / recipe.part_size)
    if budget_images is None:
        return recipe, recipe.epochs * an_epoch
    steps = max(1, round(budget_images / recipe.part_size))
    return recipe.revised(epochs=math.ceil(steps / an_epoch)), steps
