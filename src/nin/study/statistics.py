"""What several seeds say: the front, and differences with their confidence."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from nin.study.result import Difference, Row

CONFIDENCE = 0.95


def deviation(values: Sequence[float]) -> float | None:
    """The standard deviation of a sample; None of fewer than two values."""
    return statistics.stdev(values) if len(values) > 1 else None


def front(rows: Sequence[Row], cost: Callable[[Row], float]) -> list[Row]:
    """The rows that no other beats: at most their cost, at least their accuracy, not both alike."""
    places = [(row, (cost(row), statistics.fmean(row.accuracies))) for row in rows if row.n]
    return [row for row, here in places if not any(_beats(one, here) for _, one in places)]


def with_fronts(rows: Sequence[Row]) -> list[Row]:
    """`rows`, each told whether it is on its group's Pareto front of parameters and accuracy."""
    return [
        row.model_copy(update={"on_front": row in front(_group(rows, row.group), _parameters)})
        for row in rows
    ]


def _group(rows: Sequence[Row], group: str) -> list[Row]:
    return [row for row in rows if row.group == group]


def _parameters(row: Row) -> int:
    return row.cost.parameters.total


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] <= other[0] and one[1] >= other[1]


def difference(row: Row, rival: Row) -> Difference:
    """How much more accurate `row` is than `rival`, over the seeds that both were trained with.

    The same seed gives both the same images in the same order, so the seeds are paired.
    """
    gaps = [a - b for a, b in zip(row.accuracies, rival.accuracies, strict=True)]
    mean = statistics.fmean(gaps)
    half = _half_interval(gaps)
    return Difference(
        net=row.net,
        rival=rival.net,
        group=row.group,
        n=len(gaps),
        mean=mean,
        low=None if half is None else mean - half,
        high=None if half is None else mean + half,
        parameter_ratio=rival.cost.parameters.total / row.cost.parameters.total,
    )


def _half_interval(gaps: Sequence[float]) -> float | None:
    if len(gaps) < 2:
        return None
    from scipy.stats import t

    quantile = float(t.ppf((1 + CONFIDENCE) / 2, len(gaps) - 1))
    return quantile * statistics.stdev(gaps) / math.sqrt(len(gaps))
