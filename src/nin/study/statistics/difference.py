"""`Difference`: how much better one network is than another, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import numpy as np

from nin.study.statistics.intervals import (
    FEWEST_SEEDS,
    deviation,
    holm,
    interval_over_images,
    interval_over_seeds,
    p_over_images,
    p_over_seeds,
)
from nin.study.statistics.power import seeds_needed
from nin.study.trials.row import Frozen, Row, unpack


class Difference(Frozen):
    """How much better one network is than another, over the same seeds and the same images.

    Attributes:
        net: name of the one network.
        rival: name of the other.
        group: the exercise that both belong to.
        n: number of trainings of each: one per seed, or one per seed and fold.
        mean: accuracy of `net` minus that of `rival`.
        low: lower end of the 95 % confidence interval of the mean over other seeds, evaluated on
            the same images (paired t-test), or over other folds (corrected t-test). None for fewer
            than three seeds or folds, or if seeds change nothing and it is not known which images
            each network had right.
        high: its upper end.
        images_low: lower end of the 95 % confidence interval over other images, with the same
            trained networks (Bonett and Price 2012); None if it is not known which images each
            network had right.
        images_high: its upper end.
        p: p-value of no difference: the higher of that over seeds and that over images, adjusted
            for all differences of the comparison (Holm 1979). None if `low` is None.
        sd: standard deviation of the difference from seed to seed; None for one seed.
        parameter_ratio: parameters of `rival` divided by those of `net`; None for an interaction.
        folds: number of folds, each being the test part once; None if the images were not divided
            and only seeds vary.
    """

    net: str
    rival: str
    group: str = ""
    n: int
    mean: float
    low: float | None
    high: float | None
    images_low: float | None = None
    images_high: float | None = None
    p: float | None = None
    sd: float | None = None
    parameter_ratio: float | None
    folds: int | None = None

    @property
    def unit(self) -> str:
        """What `n` counts: ``"seeds"``, or ``"folds"``, each once per seed."""
        return "seeds" if self.folds is None else "folds"

    @property
    def independent(self) -> int:
        """How many of the `n` are independent evidence: further seeds of a fold are not."""
        return self.n if self.folds is None else min(self.n, self.folds)

    @property
    def is_clear(self) -> bool:
        """Whether chance is unlikely at 5 %: over seeds and, where known, over images."""
        return self.p is not None and self.p < 0.05

    def seeds_needed(self, difference: float = 0.01) -> int | None:
        """Seeds with which `difference` would be found four times in five, if it varies as here.

        None if this is unknown (with folds, or fewer than three seeds) or more than a thousand.
        """
        if self.folds is not None or self.sd is None or self.n < FEWEST_SEEDS:
            return None
        return seeds_needed(difference, self.sd)


def differences_between(
    pairs: Sequence[tuple[Row, Row]], images: int, folds: int | None = None
) -> list[Difference]:
    """How much more accurate the first of each pair is than the second, over their seeds.

    Args:
        pairs: all pairs of one comparison; the p-values are corrected for their number.
        images: how many images they were evaluated on, all folds together.
        folds: number of folds; None if the images were not divided.

    Raises:
        ValueError: a row's `correct` is not of that many images.
    """
    found = [_difference(row, rival, images, folds) for row, rival in pairs]
    corrected = holm([each.p for each in found])
    return [each.model_copy(update={"p": p}) for each, p in zip(found, corrected, strict=True)]


def pooled_difference(
    ones: Sequence[Row],
    others: Sequence[Row],
    images: int,
    names: tuple[str, str],
    group: str = "",
    folds: int | None = None,
) -> Difference:
    """How much more accurate some networks are on average than as many others, seed by seed.

    Args:
        ones: the networks on the one side.
        others: as many networks on the other side.
        images: how many images they were evaluated on.
        names: names of the two sides.
        group: what they belong to.
        folds: number of folds; None if the images were not divided.
    """
    gaps = [a - b for a, b in zip(_means(ones), _means(others), strict=True)]
    over_seeds, over_images = interval_over_seeds(gaps, folds), None
    p = p_over_seeds(gaps, folds)
    if all(row.correct for row in (*ones, *others)):
        wins = _right(ones, images) - _right(others, images)
        over_images = interval_over_images(wins / (len(ones[0].correct) * len(ones)))
        p = None if p is None else max(p, p_over_images(wins))
    if over_images is None and not any(deviation(row.accuracies) for row in (*ones, *others)):
        over_seeds = p = None  # If seeds change nothing, all of them are one training.
    low, high = over_seeds or (None, None)
    images_low, images_high = over_images or (None, None)
    return Difference(
        net=names[0],
        rival=names[1],
        group=group,
        n=len(gaps),
        mean=fmean(gaps),
        low=low,
        high=high,
        images_low=images_low,
        images_high=images_high,
        p=p,
        sd=deviation(gaps),
        parameter_ratio=_parameters(others) / _parameters(ones),
        folds=folds,
    )


def _difference(row: Row, rival: Row, images: int, folds: int | None) -> Difference:
    return pooled_difference([row], [rival], images, (row.net, rival.net), row.group, folds)


def _means(rows: Sequence[Row]) -> list[float]:
    """The mean accuracy of `rows`, one per seed."""
    return [fmean(values) for values in zip(*(row.accuracies for row in rows), strict=True)]


def _parameters(rows: Sequence[Row]) -> float:
    return fmean(row.cost.parameters.total for row in rows)


def _right(rows: Sequence[Row], images: int) -> np.ndarray[Any, Any]:
    """(images,): how many trainings of `rows` were right about each image."""
    found = [unpack(each, images).astype(int) for row in rows for each in row.correct]
    total: np.ndarray[Any, Any] = np.sum(found, axis=0)
    return total
