"""The health watch: what goes wrong in training is named when it happens, with its remedy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from nin import backends

#: The first look comes after this many steps, each further one after twice as many.
FIRST_LOOK = 20
#: A class counts as dead, and a loss as stuck, only after this many steps.
PATIENCE = 80
#: A loss this close to ln(classes) is that of an answer which ignores the image.
PLATEAU = 0.005
#: A kernel that changes by less than this share of itself a step does not learn.
STILL = 1e-7


class Finding(NamedTuple):
    """Something that is wrong: at which step, of what kind, and one line with the remedy."""

    step: int
    kind: str
    message: str


class HealthWatch(keras.callbacks.Callback):
    """Looks at a model while it trains, at steps 20, 40, 80, … and after each epoch.

    It looks at the answers to a few training images (the probe) and at the weights. Training that
    cannot recover is stopped, and `died` says why.

    Args:
        probe: training images (n, h, w, c) as the model takes them; 64 are enough.
        classes: the classes' names; by default their numbers.
        report: called with each new finding; by default findings are only kept in `findings`.
    """

    def __init__(
        self,
        probe: Any,
        classes: Sequence[str] | None = None,
        report: Callable[[Finding], None] | None = None,
    ) -> None:
        super().__init__()
        self.probe = probe
        self.classes = None if classes is None else tuple(classes)
        self.report = report
        self.findings: list[Finding] = []
        self.died: str | None = None
        self._step = 0
        self._next_look = FIRST_LOOK
        self._kernels: tuple[int, dict[str, Any]] | None = None
        self._silent_at: int | None = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Remember the weights that training starts from."""
        # Not `iterations`: that counts whole batches, and steps here may be parts of one.
        self._step = int(self.model.optimizer._iterations)
        self._silent_at = None
        self._next_look = FIRST_LOOK
        while self._next_look <= self._step:
            self._next_look *= 2
        if self.model.built:
            self._remember_kernels()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look, when it is time."""
        self._step += 1
        if self._step >= self._next_look:
            self._next_look *= 2
            self._look(logs or {})

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Look."""
        self._look(logs or {})

    def _look(self, logs: dict[str, float]) -> None:
        backends.current().sync(self.model)
        loss = float(logs.get("loss", math.nan))
        logits = keras.ops.convert_to_numpy(self.model(self.probe, training=False))
        if self._not_finite(loss, logits):
            return
        silent = _silent_classes(logits)
        if silent.all():
            self._all_silent(len(silent))
        else:
            self._silent_at = None
            self._some_silent(silent)
            self._plateau(loss, len(silent))
            self._vanished()

    def _not_finite(self, loss: float, logits: Any) -> bool:
        kernels = [keras.ops.convert_to_numpy(weight) for weight in self.model.trainable_weights]
        finite = math.isfinite(loss) and all(np.isfinite(a).all() for a in (*kernels, logits))
        if not finite:
            self._die(
                "not finite",
                f"a loss or a weight is no longer a finite number (loss {loss:g}):"
                " lower the learning rate, or clip gradients",
            )
        return not finite

    def _all_silent(self, classes: int) -> None:
        if self._silent_at is None:
            self._silent_at = self._step
        elif self._step - self._silent_at >= FIRST_LOOK:
            self._die(
                "dead",
                "every class map is zero on every image, so every gradient is exactly zero and"
                f" the loss stays at ln {classes}: lower the learning rate, and begin"
                " with Trainer's own start",
            )

    def _some_silent(self, silent: Any) -> None:
        if silent.any() and self._step >= PATIENCE:
            numbers = np.flatnonzero(silent)
            names = ", ".join(self.classes[i] if self.classes else str(i) for i in numbers)
            self._find(
                "silent class",
                f"the class map is zero on every image looked at for: {names}; these classes"
                " can only be learnt again by chance: lower the learning rate",
            )

    def _plateau(self, loss: float, classes: int) -> None:
        chance = math.log(classes)
        if self._step >= PATIENCE and abs(loss - chance) < PLATEAU:
            self._find(
                "plateau",
                f"the loss has stayed at ln {classes} = {chance:.3f}, as if the images"
                " said nothing: begin with Trainer's own start, or change the learning rate",
            )

    def _vanished(self) -> None:
        if self._kernels is None:
            self._remember_kernels()
            return
        since, before = self._kernels
        steps = self._step - since
        if steps < FIRST_LOOK or float(self.model.optimizer.learning_rate) == 0:
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
                f"{len(still)} of {len(before)} layers have not moved for {steps} steps"
                f" ({still[0]} first): their gradients vanish; begin with Trainer's own start,"
                " or raise the learning rate",
            )

    def _remember_kernels(self) -> None:
        self._kernels = (self._step, _kernels(self.model))

    def _find(self, kind: str, message: str) -> None:
        if any(finding.kind == kind for finding in self.findings):
            return
        finding = Finding(self._step, kind, message)
        self.findings.append(finding)
        if self.report is not None:
            self.report(finding)

    def _die(self, kind: str, message: str) -> None:
        self._find(kind, message)
        self.died = message
        self.model.stop_training = True


def _silent_classes(logits: Any) -> Any:
    """Classes whose logit is zero on every image: with ReLU on the maps, the map is, too."""
    return (logits == 0).all(axis=0)


def _kernels(model: Any) -> dict[str, Any]:
    return {
        weight.path: keras.ops.convert_to_numpy(weight).astype(np.float64)
        for weight in model.trainable_weights
        if weight.name == "kernel"
    }
