"""How far a difference between two networks can be trusted: intervals, tests, and correction.

Two things vary, and each interval and test here covers one of them: *seeds* (the same training once
more, evaluated on the same images) and *images* (the same trained networks, evaluated on other
images of the kind). All are paired: both networks have the same seeds and the same test images.
"""

from __future__ import annotations

import math
import statistics
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

CONFIDENCE = 0.95
#: With two values, the interval of a t-test is 13 times as wide as the distance between them.
FEWEST_SEEDS = 3


class Interval(NamedTuple):
    """The bounds of an accuracy, or of a difference of two; both are within [−1, 1]."""

    low: float
    high: float


def deviation(values: Sequence[float]) -> float | None:
    """The sample standard deviation; None for fewer than two values."""
    return statistics.stdev(values) if len(values) > 1 else None


def interval_over_seeds(gaps: Sequence[float], folds: int | None = None) -> Interval | None:
    """Where the mean of `gaps` would lie with other seeds: the paired t-test's 95 % interval.

    Trainings on folds share most of their images. Their interval is that of the corrected resampled
    t-test (Nadeau and Bengio 2003, *Inference for the generalization error*), whose variance is
    larger by the ratio of test to training images.

    Args:
        gaps: accuracy of one network minus that of the other, one per seed; or per seed and fold.
        folds: number of folds; None if the images were not divided.

    Returns:
        The interval; None for fewer than `FEWEST_SEEDS` seeds or folds.
    """
    gaps = _independent(gaps, folds)
    if len(gaps) < FEWEST_SEEDS:
        return None
    if folds is None:
        return _possible(*_t_test(gaps).confidence_interval())
    from scipy.stats import t

    mean, half = statistics.fmean(gaps), float(t.ppf((1 + CONFIDENCE) / 2, len(gaps) - 1))
    half *= _error_over_folds(gaps, folds)
    return _possible(mean - half, mean + half)


def _independent(gaps: Sequence[float], folds: int | None) -> Sequence[float]:
    """One gap per seed; or the mean gap of each fold, whose seeds share all images.

    All folds of the first seed come first.
    """
    if folds is None:
        return gaps
    return [statistics.fmean(gaps[fold::folds]) for fold in range(folds)]


def interval_of_another_mean(values: Sequence[float], count: int) -> Interval | None:
    """Where the mean of `count` further values of the same distribution lies 19 times in 20.

    This is the prediction interval of the normal distribution.

    Args:
        values: accuracies, one per seed.
        count: number of further values.

    Returns:
        The interval; None for fewer than `FEWEST_SEEDS` values.
    """
    from scipy.stats import t

    width = deviation(values)
    if width is None or len(values) < FEWEST_SEEDS:
        return None
    times = t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)
    half = float(times) * width * math.sqrt(1 / len(values) + 1 / count)
    middle = statistics.fmean(values)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def p_over_seeds(gaps: Sequence[float], folds: int | None = None) -> float | None:
    """The probability of a mean at least this far from 0 if the networks were equal over seeds.

    A two-sided paired t-test, as in `interval_over_seeds`; None for fewer than `FEWEST_SEEDS`.
    """
    gaps = _independent(gaps, folds)
    if len(gaps) < FEWEST_SEEDS:
        return None
    if not any(gaps):
        return 1.0
    if folds is None:
        return float(_t_test(gaps).pvalue)
    from scipy.stats import t

    error = _error_over_folds(gaps, folds)
    return float(2 * t.sf(abs(statistics.fmean(gaps)) / error, len(gaps) - 1)) if error else 0.0


def interval_over_images(gaps: np.ndarray[Any, Any]) -> Interval:
    """Where the mean of `gaps` would lie with other images: its 95 % interval.

    The interval is that of Bonett and Price (2012, *Adjusted Wald confidence interval for a
    difference of binomial proportions based on paired data*), which counts one further image in
    favour of each network. With several seeds, each image counts by its mean. The interval has a
    width even if no image tells the two networks apart.

    Args:
        gaps: (images,): how much more often the one network was right, from −1 to 1.
    """
    from scipy.stats import norm

    adjusted = np.append(gaps, (1.0, -1.0))
    half = norm.ppf((1 + CONFIDENCE) / 2) * adjusted.std() / math.sqrt(len(adjusted))
    return _possible(adjusted.mean() - half, adjusted.mean() + half)


def p_over_images(wins: np.ndarray[Any, Any]) -> float:
    """The probability of a sum at least this far from 0 if the networks were equal on every image.

    With one seed this is McNemar's exact test (1947). With several it is the analogous exact
    randomisation test of Fisher: for each image, either network is equally likely to have made the
    other's predictions.

    Args:
        wins: (images,) of integers: number of seeds in which only the one network was right, minus
            those in which only the other was.
    """
    from scipy.signal import convolve
    from scipy.stats import binom

    images = np.bincount(np.abs(wins))  # by how far apart the two are
    chances, total = np.ones(1), int(np.abs(wins).sum())
    for apart, count in enumerate(images):
        if apart and count:
            steps = np.zeros(apart * count + 1)
            steps[::apart] = binom.pmf(np.arange(count + 1), count, 0.5)
            chances = convolve(chances, steps)
    sums = 2 * np.arange(total + 1) - total
    return float(np.clip(chances[np.abs(sums) >= abs(int(wins.sum()))].sum(), 0.0, 1.0))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """`p_values` adjusted (Holm 1979): at 0.05, at most one family in twenty has a false positive.

    Args:
        p_values: those of one family, one per comparison; None stays None and does not count.
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for smaller, (p, place) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - smaller) * p))
        adjusted[place] = highest
    return adjusted


def _error_over_folds(gaps: Sequence[float], folds: int) -> float:
    return statistics.stdev(gaps) * math.sqrt(1 / len(gaps) + 1 / (folds - 1))


def _t_test(gaps: Sequence[float]) -> Any:
    from scipy.stats import ttest_1samp

    with warnings.catch_warnings():
        # SciPy warns if every seed differs by the same amount, but the narrow interval is right.
        warnings.filterwarnings("ignore", "Precision loss", RuntimeWarning)
        return ttest_1samp(gaps, 0.0)


def _possible(low: float, high: float) -> Interval:
    return Interval(max(-1.0, float(low)), min(1.0, float(high)))
