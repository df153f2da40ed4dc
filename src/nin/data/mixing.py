"""Labels as shares of classes: smoothed, and mixed with those of other images."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float32]


class Mixed(NamedTuple):
    """A batch whose labels are shares of classes.

    Attributes:
        images: (n, height, width, channels), uint8.
        targets: (n, classes): share of each class in each image; a row's sum is 1.
        weights: (n,): how much each image counts in the loss. None: all the same.
    """

    images: NDArray[np.uint8]
    targets: Shares
    weights: Shares | None = None


def smoothed(labels: NDArray[Any], classes: int, smoothing: float) -> Shares:
    """Label smoothing (Szegedy et al. 2016, arXiv 1512.00567).

    Args:
        labels: (n,), counted from 0.
        classes: number of classes.
        smoothing: share of each label that is spread over all classes.

    Returns:
        (n, classes), shares.
    """
    targets = np.full((len(labels), classes), smoothing / classes, np.float32)
    targets[np.arange(len(labels)), labels] += 1 - smoothing
    return targets


def blended(batch: Mixed, alpha: float, rng: np.random.Generator) -> Mixed:
    """Mixup (Zhang et al. 2018, arXiv 1710.09412): a weighted mean of each image and another.

    The batch is blended with itself in reverse order, by the same share for all images.

    Args:
        batch: the batch to mix.
        alpha: parameter of the beta distribution that the share is drawn from: 1 makes all
            shares equally likely, less makes those near 0 and 1 more frequent.
        rng: random number generator.
    """
    share = rng.beta(alpha, alpha)
    mean = share * batch.images.astype(np.float32) + (1 - share) * batch.images[::-1]
    return _shared(batch, np.rint(mean).astype(np.uint8), share)


def pasted(batch: Mixed, alpha: float, rng: np.random.Generator) -> Mixed:
    """CutMix (Yun et al. 2019, arXiv 1905.04899): a rectangle of each image comes from another.

    The other image is its counterpart in the reversed batch. The place is the same for all images.

    Args:
        batch: the batch to mix.
        alpha: parameter of the beta distribution that the rectangle's share of the area is drawn
            from.
        rng: random number generator.
    """
    height, width = batch.images.shape[1:3]
    side = np.sqrt(1 - rng.beta(alpha, alpha))
    place = []
    for length in (height, width):
        # As in the paper, part of the rectangle may lie outside the image; only the rest is pasted.
        half, centre = int(length * side) // 2, int(rng.integers(length))
        place.append(slice(max(0, centre - half), min(length, centre + half)))
    images = batch.images.copy()
    images[:, place[0], place[1]] = batch.images[::-1, place[0], place[1]]
    cut = [part.stop - part.start for part in place]
    return _shared(batch, images, 1 - cut[0] * cut[1] / (height * width))


def _shared(batch: Mixed, images: NDArray[np.uint8], share: float) -> Mixed:
    """Mix labels and weights as `images` are: by `share` each one's own, else its counterpart's."""
    weights = np.ones(len(images)) if batch.weights is None else batch.weights
    own, other = share * weights, (1 - share) * weights[::-1]
    total = own + other
    # In the loss each part counts as much as the image that it comes from.
    targets = (own[:, None] * batch.targets + other[:, None] * batch.targets[::-1]) / total[:, None]
    mixed = None if batch.weights is None else total.astype(np.float32)
    return Mixed(images, targets.astype(np.float32), mixed)
