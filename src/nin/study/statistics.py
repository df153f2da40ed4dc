"""What several seeds say: the front, and differences with their confidence."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from nin.study.result import Difference, Row

CONFIDENCE = 0.95


def with_front(rows: Sequence[Row]) -> list[Row]:
    """`rows`, each told whether it is on the Pareto front of parameters and mean accuracy."""
    means = [statistics.fmean(row.accuracies) for row in rows]
    sizes = [row.cost.parameters.total for row in rows]
    return [
        row.model_copy(update={"on_front": not _is_beaten(number, sizes, means)})
        for number, row in enumerate(rows)
    ]


def _is_beaten(number: int, sizes: Sequence[int], means: Sequence[float]) -> bool:
    size, mean = sizes[number], means[number]
    return any(
        other_size <= size and other_mean >= mean and (other_size, other_mean) != (size, mean)
        for other_size, other_mean in zip(sizes, means, strict=True)
    )


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
