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
        n: number of seeds; of folds, of each of these.
        mean: accuracy of `net` minus that of `rival`.
        low: lower end of the 95 % confidence interval of the mean over other seeds, evaluated on
            the same images (paired t-test), or over other folds (corrected); None for fewer than
            three seeds, or folds, or where no seed changes anything and it is not known which
            images each network had right.
        high: its upper end.
        images_low: lower end of the 95 % confidence interval over other images, with the same
            trained networks (Bonett and Price 2012); None if it is not known which images each
            network had right.
        images_high: its upper end.
        p: of the hypothesis that there is no difference, over seeds and over images, whichever is
            the higher; adjusted for all differences of the comparison (Holm 1979). None where
            `low` is.
        sd: standard deviation of the difference from seed to seed; None for one seed.
        parameter_ratio: parameters of `rival` divided by those of `net`; None of an interaction.
        folds: into how many parts all images were divided, each a test once; None: they were
            not, and seeds are what varies.
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
        """What there are `n` of: ``"seeds"``, or ``"folds"``, each as often as there are seeds."""
        return "seeds" if self.folds is None else "folds"

    @property
    def independent(self) -> int:
        """How many of the `n` are evidence of their own: further seeds of a fold are not."""
        return self.n if self.folds is None else min(self.n, self.folds)

    @property
    def is_clear(self) -> bool:
        """Whether chance is unlikely at 5 %, that of seeds and that of images where known."""
        return self.p is not None and self.p < 0.05

    def seeds_needed(self, difference: float = 0.01) -> int | None:
        """Seeds with which `difference` would be found four times in five, if it varies as here.

        None: it is not known, from folds or fewer than three seeds, or more than a thousand.
        """
        if self.folds is not None or self.sd is None or self.n < FEWEST_SEEDS:
            return None
        return seeds_needed(difference, self.sd)


def differences_between(
    pairs: Sequence[tuple[Row, Row]], images: int, folds: int | None = None
) -> list[Difference]:
    """How much more accurate the first of each pair is than the second, over their seeds.

    Args:
        pairs: all those of one comparison; the p-values are corrected for their number.
        images: how many they were evaluated on, in all folds together.
        folds: into how many parts all images were divided. None: they were not.

    Raises:
        ValueError: a row's `correct` is not of as many images.
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
        ones: the networks whose mean accuracy is looked at.
        others: those with whose mean it is compared: as many.
        images: how many they were evaluated on.
        names: what the two sides are called.
        group: what they belong to.
        folds: into how many folds the images were divided, if they were.
    """
    gaps = [a - b for a, b in zip(_means(ones), _means(others), strict=True)]
    over_seeds, over_images = interval_over_seeds(gaps, folds), None
    p = p_over_seeds(gaps, folds)
    if all(row.correct for row in (*ones, *others)):
        wins = _right(ones, images) - _right(others, images)
        over_images = interval_over_images(wins / (len(ones[0].correct) * len(ones)))
        p = None if p is None else max(p, p_over_images(wins))
    if over_images is None and not any(deviation(row.accuracies) for row in (*ones, *others)):
        over_seeds = p = None  # Seeds that change nothing are one training.
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
