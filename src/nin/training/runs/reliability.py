"""Whether probabilities match the accuracy: reliability by bins, and calibration error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Number of bins of equal width from 0 to 1, as in Guo et al. 2017.
BINS = 15


class Bin(NamedTuple):
    """The predictions whose probability lies in one bin.

    Attributes:
        low: lower edge of the bin; its predictions are above it, or equal to it if it is 0.
        high: upper edge of the bin, inclusive.
        n: number of predictions.
        confidence: their mean probability.
        accuracy: the share of them that are correct.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def reliability(probabilities: NDArray[Any], labels: NDArray[Any], bins: int = BINS) -> list[Bin]:
    """How often predictions are correct, by their probability.

    Args:
        probabilities: (n, classes).
        labels: (n,), the truth.
        bins: number of bins of equal width from 0 to 1.

    Returns:
        The bins that have predictions, by increasing probability.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = (np.bincount(place, values, bins) for values in (confidence, right))
    rows = zip(range(bins), counts, *sums, strict=True)
    return [
        Bin(i / bins, (i + 1) / bins, int(n), float(sure / n), float(found / n))
        for i, n, sure, found in rows
        if n
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error: how far confidence and accuracy are apart, on average.

    Naeini et al. 2015; Guo et al. 2017, *On Calibration of Modern Neural Networks*, section 2.
    """
    total = sum(each.n for each in bins)
    return sum(each.n * abs(each.confidence - each.accuracy) for each in bins) / total
