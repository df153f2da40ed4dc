"""Restarts a training that can no longer learn, at a lower learning rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras

from nin.training.health import FATAL, Finding
from nin.training.recipe import Recipe

#: Most restarts of a training.
MOST = 2
#: Factor for the learning rate at each restart.
SHARE = 1 / 3
#: Kinds of findings after which nothing more is learnt; see `nin.training.health`.
HOPELESS = frozenset({*FATAL, "nearly dead", "same answer"})


class Restart(NamedTuple):
    """A restart: after which step, for what reason, and at which learning rate."""

    step: int
    reason: str
    learning_rate: float


def with_restart_rate(recipe: Recipe, restarts: Sequence[Restart]) -> Recipe:
    """`recipe` with the learning rate that it has after these restarts."""
    return recipe.revised(learning_rate=restarts[-1].learning_rate) if restarts else recipe


class StopToRestart(keras.callbacks.Callback):
    """Stops a training that is to be restarted.

    Args:
        recipe: what is trained, with its present learning rate.
        restarts: number of restarts so far.
        findings: returns the findings of the health watch so far.
    """

    def __init__(
        self, recipe: Recipe, restarts: int, findings: Callable[[], Sequence[Finding]]
    ) -> None:
        super().__init__()
        self.recipe = recipe
        self.restarts = restarts
        self.findings = findings

    def restart(self) -> Restart | None:
        """The restart that is needed; None if there is hope, or no restart is left."""
        if self.restarts >= MOST:
            return None
        for finding in self.findings():
            if finding.kind in HOPELESS:
                return Restart(finding.step, finding.kind, self.recipe.learning_rate * SHARE)
        return None

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Stop if a restart is needed."""
        if self.restart():
            self.model.stop_training = True
