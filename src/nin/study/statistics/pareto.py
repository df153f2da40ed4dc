"""The Pareto front: the networks that no other beats in both accuracy and cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from nin.study.trials.row import Row


def pareto_front(rows: Sequence[Row], cost: Callable[[Row], float]) -> list[Row]:
    """The rows that no other row dominates.

    A row dominates another if it costs no more, is no less accurate, and differs in one of the two.
    """
    places = [(row, (cost(row), fmean(row.accuracies))) for row in rows if row.n]
    return [row for row, here in places if not any(_dominates(one, here) for _, one in places)]


def mark_fronts(rows: Sequence[Row]) -> list[Row]:
    """`rows` with `on_front` set, by parameters and accuracy within each group."""
    groups = dict.fromkeys(row.group for row in rows)
    fronts = [row for group in groups for row in pareto_front(_group(rows, group), _parameters)]
    best = {id(row) for row in fronts}
    return [row.model_copy(update={"on_front": id(row) in best}) for row in rows]


def _group(rows: Sequence[Row], group: str) -> list[Row]:
    return [row for row in rows if row.group == group]


def _parameters(row: Row) -> int:
    return row.cost.parameters.total


def _dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] <= other[0] and one[1] >= other[1]
