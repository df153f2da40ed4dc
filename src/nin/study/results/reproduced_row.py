"""`ReproducedRow`: a published row, the same trainings repeated, and whether they agree."""

from __future__ import annotations

from statistics import fmean

from nin.study.statistics.intervals import FEWEST_SEEDS, Interval, interval_of_another_mean
from nin.study.trials.row import Frozen


class ReproducedRow(Frozen):
    """A published row and its repetition.

    Attributes:
        net: name of the network.
        group: the exercise that it belongs to, if any.
        published: accuracies in the record, one per seed.
        accuracies: accuracies of the repeated trainings, with the same seeds.
        same_predictions: whether every training was right about the same images; None if the record
            does not say which those were, so that only accuracies are compared.
        same_conditions: whether versions, machine, oneDNN's mode and number of jobs are those of
            the record, so that a CPU should give the same to the bit.
    """

    net: str
    group: str = ""
    published: list[float]
    accuracies: list[float]
    same_predictions: bool | None
    same_conditions: bool

    @property
    def is_identical(self) -> bool:
        """Whether the results are the same as those of the record, as far as is known."""
        return self.accuracies == self.published and self.same_predictions is not False

    @property
    def interval(self) -> Interval | None:
        """Where the mean of as many further trainings lies 19 times in 20; None for few seeds."""
        return interval_of_another_mean(self.published, len(self.accuracies))

    @property
    def agrees(self) -> bool:
        """Whether it is the same to the bit or, under other conditions, in the record's spread."""
        if self.is_identical:
            return True
        interval = self.interval
        if self.same_conditions or interval is None:
            return False
        return interval.low <= fmean(self.accuracies) <= interval.high

    def in_words(self) -> str:
        """The verdict, in one line."""
        now, before = fmean(self.accuracies), fmean(self.published)
        means = f"{self.net}: {now:.4f}, published {before:.4f}"
        if self.is_identical:
            detail = ", prediction by prediction" if self.same_predictions else ""
            return f"{means}: the same to the bit{detail}"
        if self.same_conditions:
            return f"{means}: not the same, on the same processor and versions"
        interval = self.interval
        if interval is None:
            return f"{means}: not the same, and fewer than {FEWEST_SEEDS} seeds have no spread"
        place = f"[{interval.low:.4f}, {interval.high:.4f}]"
        word = "within" if self.agrees else "outside"
        return f"{means}: {word} {place}, where as many seeds lie 19 times in 20"
