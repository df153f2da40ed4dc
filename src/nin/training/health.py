"""The health watch: reports what goes wrong in training as it happens, with a remedy."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from nin import backends
from nin.models.custom_optimizer import innermost

#: Kinds of findings that end a training.
NOT_FINITE, DEAD = FATAL = ("not finite", "dead")
#: Steps between checks at first.
FIRST_LOOK = 20
#: Steps between checks later on.
LATER_LOOKS = 160
#: A class counts as dead, and a loss as stuck, only after this many steps.
PATIENCE = 80
#: Logits with a standard deviation over the images below this count as the same for every image. A
#: network prepared by `nin.initialize` begins at 0.3; others may begin below, and learn in time.
ALIKE = 0.01
#: A network that is silent on more than this share of the images has lost most of its gradient.
SILENT = 0.25
#: Weights are not expected to move at a learning rate below this share of the highest.
FADED = 0.01
#: A loss below this leaves nothing to learn: gradients may vanish.
SOLVED = 0.01
#: A loss this close to ln(classes) is that of a prediction which ignores the image.
PLATEAU = 0.005
#: A kernel that changes by less than this share of itself per step does not learn.
STILL = 1e-7


class Finding(NamedTuple):
    """A problem: the optimiser's step at which it was found, its kind, and a line on the remedy."""

    step: int
    kind: str
    message: str


class HealthWatch(keras.callbacks.Callback):
    """Checks a model while it trains: at steps 20, 40, …, 160, 320, … and at the end.

    It checks the outputs for a few training images (the calibration batch) and the weights.
    Training that cannot recover is stopped, and `died` says why. What is found at a step depends
    on that step alone, so that a resumed training gets the same findings as an uninterrupted one,
    with two exceptions: it takes two checks to find a layer that does not move; and in the first
    step after a resume the loss is that step's, not the epoch's mean, which may hide a plateau.

    Args:
        images: training images (n, h, w, c) as the model takes them; 64 are enough.
        classes: the classes' names; by default their numbers.
        report: called with each new finding; by default findings are only kept in `findings`.
        initialized: whether `nin.initialize` has prepared the model, so that remedies omit it, and
            predictions that are all the same mean that something is lost.
        epochs: total number of epochs; by default the one that `fit` was given.
    """

    def __init__(
        self,
        images: Any,
        classes: Sequence[str] | None = None,
        report: Callable[[Finding], None] | None = None,
        *,
        initialized: bool = False,
        epochs: int | None = None,
    ) -> None:
        super().__init__()
        self.images = images
        # In a user's own data module, `classes` may be anything.
        named = isinstance(classes, Collection) and not isinstance(classes, str)
        self.classes = tuple(map(str, classes)) if classes is not None and named else None
        self.report = report
        self.initialized = initialized
        self.epochs = epochs
        self.findings: list[Finding] = []
        self.died: str | None = None
        self._step = self._looked = 0
        self._kernels: tuple[int, dict[str, Any]] | None = None
        self._highest = 0.0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Remember the weights that training starts from."""
        # Not `iterations`: that counts whole batches, and steps here may be parts of one.
        variables = {each.name: each for each in self.model.optimizer.variables}
        self._step = self._looked = int(variables["iteration"])
        self._highest = _highest_rate(self.model.optimizer, self._step // self._parts)
        if self.model.built:
            self._remember_kernels()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Check, when it is time."""
        self._step += 1
        every = FIRST_LOOK if self._step < LATER_LOOKS * self._parts else LATER_LOOKS
        if self._step % (every * self._parts) == 0:
            self._look(logs or {})

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Check after the last epoch: a training may be too short for any other check."""
        if epoch + 1 == (self.epochs or self.params["epochs"]):
            self._look(logs or {})

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Check if something else has ended the training before its last epoch."""
        if self.model.stop_training and self._looked < self._step:
            self._look(logs or {})

    def _look(self, logs: dict[str, float]) -> None:
        self._looked = self._step
        backends.current().sync(self.model)
        loss = float(logs.get("loss", 0.0))  # Custom training steps may report other numbers only.
        logits = keras.ops.convert_to_numpy(self.model(self.images, training=False))
        if self._not_finite(loss, logits):
            return
        silent = _silent_classes(logits)
        if silent.all():
            self._all_silent(len(silent))
        elif (share := _silent_share(logits)) > SILENT:
            self._half_silent(share)
        elif _are_alike(logits):
            if self.initialized:
                self._alike()
            elif self._step >= PATIENCE * self._parts:
                self._still_alike()
        else:
            self._some_silent(silent)
            self._plateau(loss, len(silent))
            self._vanished(loss)

    def _not_finite(self, loss: float, logits: Any) -> bool:
        kernels = [keras.ops.convert_to_numpy(weight) for weight in self.model.trainable_weights]
        finite = math.isfinite(loss) and all(np.isfinite(a).all() for a in (*kernels, logits))
        if not finite:
            self._die(
                NOT_FINITE,
                f"a loss or a weight is no longer a finite number (loss {loss:g}):"
                f" lower the learning rate{'' if self._clips() else ', or clip gradients'}",
            )
        return not finite

    def _all_silent(self, classes: int) -> None:
        self._die(
            DEAD,
            "every class map is zero on every image, so every gradient is exactly zero and"
            f" the loss stays at ln {classes}: {self._remedy('lower the learning rate')}",
        )

    def _half_silent(self, share: float) -> None:
        self._find(
            "nearly dead",
            f"every class map is zero on {share:.0%} of the images looked at, from which nothing is"
            f" learnt any more: {self._remedy('lower the learning rate')}",
        )

    def _alike(self) -> None:
        self._find(
            "same answer",
            "the prediction is the same for every image, as if the images were not looked at:"
            f" {self._remedy('lower the learning rate')}",
        )

    def _still_alike(self) -> None:
        self._find(
            "no answer yet",
            "the prediction is still the same for every image: train for longer, or"
            f" {self._remedy('change the learning rate')}",
        )

    def _some_silent(self, silent: Any) -> None:
        if silent.any() and self._step >= PATIENCE * self._parts:
            numbers = np.flatnonzero(silent)
            known = self.classes or ()
            names = ", ".join(known[i] if i < len(known) else str(i) for i in numbers)
            self._find(
                "silent class",
                f"the class map is zero on every image looked at for: {names}; these classes"
                " can only be learnt again by chance: lower the learning rate",
            )

    def _plateau(self, loss: float, classes: int) -> None:
        chance = math.log(classes)
        if self._step >= PATIENCE * self._parts and abs(loss - chance) < PLATEAU:
            self._find(
                "plateau",
                f"the loss has stayed at ln {classes} = {chance:.3f}, as if the images were not"
                f" looked at: {self._remedy('change the learning rate')}",
            )

    def _vanished(self, loss: float) -> None:
        if self._kernels is None:
            self._remember_kernels()
            return
        since, before = self._kernels
        steps = self._step - since
        if steps < FIRST_LOOK * self._parts or loss < SOLVED:
            return
        # An optimiser made of several has no learning rate.
        rate = float(getattr(self.model.optimizer, "learning_rate", 1.0))
        self._highest = max(self._highest, rate)
        if rate <= FADED * self._highest:  # Nothing moves at the end of a cosine.
            return
        self._remember_kernels()
        now = self._kernels[1]
        still = [
            path
            for path, old in before.items()
            if np.linalg.norm(now[path] - old) <= STILL * steps * np.linalg.norm(old)
        ]
        if still:
            self._find(
                "vanished gradients",
                f"{len(still)} of {len(before)} layers have not moved for"
                f" {steps // self._parts} steps"
                f" ({still[0]} first): their gradients vanish;"
                f" {self._remedy('raise the learning rate')}",
            )

    def _remedy(self, rate: str) -> str:
        """What to do: `rate`, or first better initial weights if the model can have them."""
        whole = getattr(self.model, "whole_net", None)
        if self.initialized or (whole is not None and whole() is None):
            return rate
        return f"begin with Trainer's own initial weights (model.is_fresh = True), or {rate}"

    @property
    def _parts(self) -> int:
        """How many steps here make one of the optimiser's."""
        return innermost(self.model.optimizer).gradient_accumulation_steps or 1

    def _clips(self) -> bool:
        return bool(getattr(innermost(self.model.optimizer), "global_clipnorm", None))

    def _remember_kernels(self) -> None:
        self._kernels = (self._step, _kernels(self.model))

    def _find(self, kind: str, message: str) -> None:
        if any(finding.kind == kind for finding in self.findings):
            return
        finding = Finding(self._step // self._parts, kind, message)
        self.findings.append(finding)
        if self.report is not None:
            self.report(finding)

    def _die(self, kind: str, message: str) -> None:
        self._find(kind, message)
        self.died = message
        self.model.stop_training = True


def _silent_classes(logits: Any) -> Any:
    """Classes whose logit is zero on every image: with ReLU on the maps, so is the map."""
    return (logits == 0).all(axis=0)


def _silent_share(logits: Any) -> float:
    """The share of images on which every map is zero."""
    return float((logits == 0).all(axis=1).mean())


def _are_alike(logits: Any) -> bool:
    """Whether several images get the same prediction, apart from a constant in their logits."""
    several = logits.shape[1] > 1
    centred = logits - logits.mean(axis=1, keepdims=True) if several else logits
    return len(logits) > 1 and bool(np.std(centred, axis=0).max() < ALIKE)


def _kernels(model: Any) -> dict[str, Any]:
    return {
        weight.path: keras.ops.convert_to_numpy(weight).astype(np.float64)
        for weight in model.trainable_weights
        if weight.name == "kernel"
    }


def _highest_rate(optimizer: Any, steps: int) -> float:
    """About the highest learning rate that a schedule had in its first steps; 0 without one."""
    inner = innermost(optimizer)
    if not steps or hasattr(inner, "optimizers"):  # Several have no rate in common.
        return 0.0
    schedule = inner.get_config().get("learning_rate")
    if not isinstance(schedule, dict):
        return 0.0
    try:
        rate = keras.optimizers.schedules.deserialize(schedule)
    except (TypeError, ValueError):  # A schedule that Keras does not know.
        return 0.0
    return max(float(rate(step)) for step in np.linspace(0, steps, 20).astype(int))
