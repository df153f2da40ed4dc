"""`TuningRecord`: what a search tried and found, as plain values."""

from __future__ import annotations

from typing import Any

from nin.study.trials.row import Frozen


class TriedValues(Frozen):
    """One training of a search.

    Attributes:
        number: its place in the order in which they began.
        values: of the searched fields.
        state: ``"complete"``, ``"pruned"`` (it was stopped because it was hopeless), or ``"fail"``
            (it was interrupted, or died).
        accuracy: final accuracy on held-out training images; None unless it is complete.
        curve: the same after each epoch.
        seconds: how long it took.
    """

    number: int
    values: dict[str, Any]
    state: str
    accuracy: float | None
    curve: list[float]
    seconds: float


class TuningRecord(Frozen):
    """A search.

    Attributes:
        sampler: what chose the values: ``"tpe"``, ``"random"`` or ``"grid"``.
        minutes: its time budget.
        space: what was searched, by field: the lowest and highest value, or all choices.
        defaults: the recipe's own values.
        best: the values of the best training.
        tried: every training.
        importances: by field, the share of the variation in accuracy that it explains; empty if
            there are too few trainings to tell.
    """

    sampler: str
    minutes: float
    space: dict[str, list[Any]]
    defaults: dict[str, Any]
    best: dict[str, Any]
    tried: list[TriedValues]
    importances: dict[str, float]

    @property
    def found_better(self) -> bool:
        """Whether any training was better than the one with the recipe's own values."""
        return self.best != self.defaults
