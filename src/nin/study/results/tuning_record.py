"""`TuningRecord`: what a search tried and found, as plain values."""

from __future__ import annotations

from typing import Any

from nin.study.trials.row import Frozen


class TriedValues(Frozen):
    """One training of a search.

    Attributes:
        number: in the order in which they began.
        values: of the fields that are searched.
        state: ``"complete"``, ``"pruned"`` (it was stopped because it was hopeless), or ``"fail"``
            (it was interrupted, or died).
        accuracy: on held-out training images in the end; None unless it is complete.
        curve: the same after each epoch.
        seconds: that it took.
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
        minutes: that it was given.
        space: what was searched, by field: its lowest and highest value, or all of them.
        defaults: the recipe's own values.
        best: those of the best training.
        tried: every training.
        importances: share of the variation of accuracy that a field explains, by name; empty where
            there are too few trainings to say.
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
        """Whether any training was better than that of the recipe's own values."""
        return self.best != self.defaults
