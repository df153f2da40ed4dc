"""How many seeds and images it takes to show a difference, before a comparison and after it."""

from __future__ import annotations

import math
from bisect import bisect_left

from nin.study.statistics.intervals import CONFIDENCE, FEWEST_SEEDS

#: How often a real difference is to be detected.
POWER = 0.8
#: Larger numbers of seeds are not worked out.
MOST_SEEDS = 1000


def seeds_needed(difference: float, sd: float) -> int | None:
    """Seeds with which a paired t-test shows a difference four times in five.

    Args:
        difference: of two networks' accuracies.
        sd: standard deviation of the difference from seed to seed.

    Returns:
        The number, at least `FEWEST_SEEDS`; None for more than `MOST_SEEDS`.

    Example:
        >>> from nin.study.statistics.power import seeds_needed
        >>> seeds_needed(difference=0.01, sd=0.01)
        10
    """
    if sd == 0:
        return FEWEST_SEEDS
    effect = abs(difference) / sd
    seeds = range(FEWEST_SEEDS, MOST_SEEDS + 1)
    found = bisect_left(seeds, True, key=lambda n: power(effect, n) >= POWER)
    return seeds[found] if found < len(seeds) else None


def power(effect: float, seeds: int) -> float:
    """The probability that a two-sided paired t-test finds `effect` standard deviations."""
    from scipy.stats import nct, norm, t

    bound, shift = t.ppf((1 + CONFIDENCE) / 2, seeds - 1), effect * math.sqrt(seeds)
    if shift > 30:
        return 1.0  # where `nct` underflows
    found = float(nct.sf(bound, seeds - 1, shift))
    return found if math.isfinite(found) else float(norm.sf(bound - shift))


def difference_shown(images: int, disagreement: float) -> float:
    """The smallest difference in accuracy that this many images show four times in five.

    More seeds do not help: of the images on which two networks disagree, how many each of them gets
    right is partly luck.

    Args:
        images: number of test images.
        disagreement: share of them on which exactly one of the two networks is right.

    Example:
        >>> from nin.study.statistics.power import difference_shown
        >>> print(f"{100 * difference_shown(10_000, disagreement=0.1):.1f} points")
        0.9 points
    """
    from scipy.stats import norm

    both = norm.ppf((1 + CONFIDENCE) / 2) + norm.ppf(POWER)
    return min(1.0, float(both) * math.sqrt(disagreement / images))
