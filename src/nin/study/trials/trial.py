"""`Trial`: one training of a comparison, and its outcome."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import keras
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nin import backends
from nin.data import ImageData
from nin.errors import DataError, NinError
from nin.networks.lookup import find_network
from nin.study.trials.contender import Contender, EvaluationPart
from nin.study.trials.row import is_packed, pack
from nin.study.trials.trial_clock import TrialClock
from nin.study.trials.trial_images import trial_images
from nin.training import Recipe, Trainer, evaluate
from nin.training.precision import precision_policy
from nin.training.runs.evaluation_images import final_split
from nin.training.schedule import optimizer

#: Learning rates are chosen with this seed, which is not among those that are evaluated.
SEARCH_SEED = 2**31
#: Recipe fields that were added after the first results of trials had been kept.
LATER = (
    *("depth", "batch_norm", "pooling", "decay_biases", "ema_momentum", "fill_mode"),
    *("mixup", "cutmix", "mixup_prob", "label_smoothing", "groups", "folds", "fold"),
)


Accuracy = Annotated[float, Field(ge=0, le=1)]


class Outcome(BaseModel):
    """The result of a trial.

    Attributes:
        validation: accuracy on the validation images after the last epoch.
        accuracy: on the test images; None if it was not evaluated on them, as in the learning-rate
            search.
        n: number of images that it was evaluated on; 0 in the search.
        correct: which of them were classified correctly, as `row.pack` writes it; None in the
            search and in older results.
        curve: validation accuracy after each epoch.
        seconds: of training, without validation and without the first batch, which compiles.
        died: whether the health watch stopped it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    validation: Accuracy
    accuracy: Accuracy | None
    n: Annotated[int, Field(ge=0)]
    correct: str | None = None
    curve: list[Accuracy]
    seconds: Annotated[float, Field(ge=0)]
    died: bool


class Trial(NamedTuple):
    """One training: a network, a recipe with its learning rate and seed, and a digest of the data.

    Attributes:
        contender: the network.
        recipe: everything about the training except the network.
        steps: number of batches; the recipe has enough epochs for them.
        fingerprint: of the images, so that a result is never reused for other images.
        effort: amount of work in any unit, from which the time left is estimated.
        judged_on: ``"test"``; or ``"validation"`` if test images must not be looked at.
        divided_by: the seed that divides the images for all trials; see `trial_images`.
    """

    contender: Contender
    recipe: Recipe
    steps: int
    fingerprint: str
    effort: float = 1.0
    judged_on: EvaluationPart = "test"
    divided_by: int | None = None

    @property
    def is_search(self) -> bool:
        """Whether this trial only serves to choose a learning rate."""
        return self.recipe.seed == SEARCH_SEED

    @property
    def looks_at_test(self) -> bool:
        """Whether it is evaluated on the test images."""
        return self.evaluated_on == "test"

    @property
    def evaluated_on(self) -> EvaluationPart | None:
        """The part that it is evaluated on after training; None in a search."""
        return None if self.is_search else self.judged_on

    @property
    def is_pretrained(self) -> bool:
        """Whether its network starts from pretrained weights: see `train_pretrained`."""
        preset = self.contender.arguments.get("preset", "")
        return preset == self.recipe.preset and find_network(preset).pretrained

    @property
    def is_frozen(self) -> bool:
        """Whether only a head is fitted to pretrained weights, without a learning rate."""
        return self.is_pretrained and not self.recipe.finetune

    @property
    def label(self) -> str:
        """The network, what the trial is for, and its learning rate."""
        how = "search" if self.is_search else f"seed {self.recipe.seed}"
        if self.recipe.fold is not None:
            how = f"fold {self.recipe.fold}  {how}"
        return f"{self.contender.name}  {how}  lr {self.recipe.learning_rate:g}"

    def revised(self, learning_rate: float, seed: int) -> Trial:
        """The trial of the same network with this learning rate and seed."""
        recipe = self.recipe.revised(learning_rate=learning_rate, seed=seed)
        return self._replace(recipe=recipe)

    def shortened(self, share: float) -> Trial:
        """The trial with this share of the steps (at least one), for a search."""
        if share == 1:
            return self
        recipe = self.recipe
        if self.is_pretrained:  # Its steps follow from its epochs.
            recipe = recipe.revised(epochs=max(1, round(share * recipe.epochs)))
        steps = max(1, round(share * self.steps))
        return self._replace(recipe=recipe, steps=steps, effort=share * self.effort)

    def in_fold(self, fold: int | None) -> Trial:
        """The trial of the same network evaluated on this fold; None leaves it as it is."""
        return self if fold is None else self._replace(recipe=self.recipe.revised(fold=fold))

    def images(self) -> ImageData:
        """The images that it is trained and evaluated on.

        Raises:
            DataError: they cannot be opened.
        """
        return trial_images(self.recipe, self.divided_by, self.evaluated_on or "test")

    def spec(self) -> dict[str, Any]:
        """Everything that affects the result, as JSON values; names and effort do not."""
        recipe = self.recipe.model_dump(mode="json", exclude={"name", "preset", "width", "dropout"})
        # With the keys of earlier recipes, so that results kept then are found. How a folder is
        # divided is in the fingerprint.
        recipe.setdefault("smaller_first", [])
        recipe["fit"] = recipe.pop("resize_mode")
        del recipe["split_by"]
        # For the same reason, later fields are left out at their defaults, which change nothing.
        for name in LATER:
            if recipe[name] == Recipe.model_fields[name].default:
                del recipe[name]
        held_out = {} if self.judged_on == "test" else {"judged_on": self.judged_on}
        own = {"source": self.contender.source()} if self.contender.is_own else {}
        return {
            **own,
            **self._of_pretrained(),
            **held_out,
            **self._division(),
            "net": self.contender.net,
            "arguments": json.loads(json.dumps(self.contender.arguments)),
            "recipe": recipe,
            "steps": self.steps,
            "fingerprint": self.fingerprint,
            "backend": backends.choose(),
        }

    def training(self) -> dict[str, Any]:
        """What `reproduce` needs to repeat the training, except the seed, as JSON values."""
        contender = self.contender
        own = {"source": contender.source()} if contender.is_own else {}
        return {
            **own,
            **self._division(),
            "net": contender.net,
            "arguments": json.loads(json.dumps(contender.arguments)),
            "recipe": self.recipe.model_dump(mode="json", exclude={"seed"}),
            "steps": self.steps,
        }

    def _of_pretrained(self) -> dict[str, Any]:
        """What else counts for pretrained weights: elsewhere the dropout is an argument."""
        if not self.is_pretrained:
            return {}
        dropout = self.recipe.dropout if self.recipe.finetune else None
        return {"pretrained": True, **({} if dropout is None else {"dropout": dropout})}

    def _division(self) -> dict[str, int]:
        return {} if self.divided_by is None else {"divided_by": self.divided_by}

    def key(self) -> str:
        """A digest of `spec`: different trials have different keys."""
        return digest(self.spec())[:16]

    def accuracy_of(self, outcome: Outcome) -> float:
        """The accuracy to compare by; an outcome without it is refused when it is read."""
        accuracy = outcome.accuracy if self.judged_on == "test" else outcome.validation
        assert accuracy is not None
        return accuracy

    def fault(self, outcome: Outcome) -> str | None:
        """Why `outcome` cannot be that of this trial; None if it can."""
        if not self.looks_at_test and outcome.accuracy is not None:
            return "it was evaluated on test images, which it must not look at"
        if self.is_search and outcome.n:
            return "it was evaluated, which a trial of the search is not"
        if self.looks_at_test and (outcome.accuracy is None or not outcome.n):
            return "it was not evaluated on test images"
        if outcome.correct is not None and not is_packed(outcome.correct, outcome.n):
            return f"it does not hold which of its {outcome.n:,} images were right"
        if self.is_pretrained:  # It keeps the best epoch, or has no epochs.
            return None
        # For a folder, the seed decides how many steps an epoch has: at least one.
        if not 1 <= len(outcome.curve) <= self.steps:
            return f"it has {len(outcome.curve)} epochs in place of up to {self.steps}"
        if outcome.curve[-1] != outcome.validation:
            return "its validation accuracy is not that of the last epoch"
        return None


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def train_trial(trial: Trial, callbacks: Sequence[Any] = ()) -> Outcome:
    """Train once, from fresh weights; everything random depends on the recipe's seed.

    Args:
        trial: what to train.
        callbacks: further Keras callbacks, which may stop it.
    """
    keras.backend.clear_session()
    backends.set_random_seed(trial.recipe.seed)
    data = trial.images()
    clock = TrialClock(trial.label, trial.steps, trial.recipe.part_size)
    # How many training images a folder has depends on the seed that divides it.
    batches = math.ceil(len(data.train.labels) / trial.recipe.part_size)
    trainer = Trainer(
        math.ceil(trial.steps / batches),
        gradient_clip_val=trial.recipe.clip_norm,
        optimizer=optimizer(trial.recipe, trial.steps),
        callbacks=[clock, *callbacks],
        verbose=False,
    )
    with precision_policy(trial.recipe.precision):
        height, width = data.resize or data.image_shape[:2]
        shape = (height, width, data.image_shape[2])
        model = trial.contender.make(len(data.classes), shape)
        trainer.fit(model, data)
    assert trainer.health is not None
    return Outcome(
        validation=trainer.history["val_accuracy"][-1],
        **_evaluated(model, data, trial.evaluated_on),
        curve=trainer.history["val_accuracy"],
        seconds=round(clock.seconds, 3),
        died=trainer.health.died is not None,
    )


def _evaluated(model: Any, data: ImageData, part: EvaluationPart | None) -> dict[str, Any]:
    if part is None:
        return {"accuracy": None, "n": 0}
    split = data.validation_split if part == "validation" else final_split(data)[1]
    try:
        found = evaluate(model, split, data.classes)
    except DataError:
        raise
    except NinError:
        # Predictions that are not finite are all wrong.
        accuracy, correct = 0.0, np.zeros(len(split.labels), dtype=bool)
    else:
        assert found.probabilities is not None
        accuracy, correct = found.accuracy, found.probabilities.argmax(axis=1) == found.labels
    return {
        "accuracy": accuracy if part == "test" else None,
        "n": len(correct),
        "correct": pack(correct),
    }


def training_length(recipe: Recipe, images: int, budget_images: float | None) -> tuple[Recipe, int]:
    """The number of steps of a training, and the recipe with enough epochs for them.

    Args:
        recipe: gives epochs and batch size.
        images: number of training images.
        budget_images: number of images to train on in total, in place of whole epochs.
    """
    per_epoch = math.ceil(images / recipe.part_size)
    if budget_images is None:
        return recipe, recipe.epochs * per_epoch
    steps = max(1, round(budget_images / recipe.part_size))
    return recipe.revised(epochs=math.ceil(steps / per_epoch)), steps
