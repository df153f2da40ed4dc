"""Statistics over seeds: the Pareto front, and paired differences with confidence intervals."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable, Sequence

from nin.study.result import Difference, Row

CONFIDENCE = 0.95


def deviation(values: Sequence[float]) -> float | None:
    """The sample standard deviation; None of fewer than two values."""
    return statistics.stdev(values) if len(values) > 1 else None


def pareto_front(rows: Sequence[Row], cost: Callable[[Row], float]) -> list[Row]:
    """The rows that no other dominates: none has lower or equal cost and higher or equal accuracy,
    and differs in one of them.
    """
    places = [(row, (cost(row), statistics.fmean(row.accuracies))) for row in rows if row.n]
    return [row for row, here in places if not any(_dominates(one, here) for _, one in places)]


def mark_fronts(rows: Sequence[Row]) -> list[Row]:
    """`rows` with `on_front` set: on the Pareto front of parameters and accuracy in its group."""
    return [
        row.model_copy(
            update={"on_front": row in pareto_front(_group(rows, row.group), _parameters)}
        )
        for row in rows
    ]


def _group(rows: Sequence[Row], group: str) -> list[Row]:
    return [row for row in rows if row.group == group]


def _parameters(row: Row) -> int:
    return row.cost.parameters.total


def _dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] <= other[0] and one[1] >= other[1]


def difference(row: Row, rival: Row) -> Difference:
    """How much more accurate `row` is than `rival`, over their common seeds.

    Both see the same images in the same order with the same seed, so the test is paired.
    """
    gaps = [a - b for a, b in zip(row.accuracies, rival.accuracies, strict=True)]
    low, high = _interval(row.accuracies, rival.accuracies)
    return Difference(
        net=row.net,
        rival=rival.net,
        group=row.group,
        n=len(gaps),
        mean=statistics.fmean(gaps),
        low=low,
        high=high,
        parameter_ratio=rival.cost.parameters.total / row.cost.parameters.total,
    )


def _interval(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float | None, float | None]:
    """The confidence interval of the mean difference, by a paired t-test."""
    if len(ours) < 2:
        return None, None
    from scipy.stats import ttest_rel

    with warnings.catch_warnings():
        # Every seed differs by the same amount: the interval is as narrow as it should be.
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        low, high = ttest_rel(ours, theirs).confidence_interval(CONFIDENCE)
    return float(low), float(high)
