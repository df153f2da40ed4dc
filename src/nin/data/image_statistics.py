"""Statistics of an image data set: mean and deviation per channel, images per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nin.data.split import Labels, StoredImages

CHUNK = 64


def mean_and_std(
    images: StoredImages, chosen: NDArray[np.intp] | None = None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return each channel's mean and standard deviation on a scale from 0 (black) to 1.

    They are computed from counts of the 256 values: exactly, and without a floating-point copy.

    Args:
        images: (n, height, width, channels), n at least 1.
        chosen: positions of the images to include, at least one. None: all.
    """
    counts = np.zeros((images.shape[-1], 256), np.int64)
    for start in range(0, len(images if chosen is None else chosen), CHUNK):
        part = slice(start, start + CHUNK)
        chunk = images[part if chosen is None else chosen[part]]
        for channel, row in enumerate(counts):
            row += np.bincount(chunk[..., channel].ravel(), minlength=256)
    scale = np.arange(256) / 255
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ scale
    std = np.sqrt((share * (scale - mean[:, None]) ** 2).sum(axis=1))
    return tuple(map(float, mean)), tuple(map(float, std))


def images_per_class(labels: Labels, classes: Sequence[str]) -> dict[str, int]:
    """Return how many images each class has.

    Args:
        labels: (n,), positions in `classes`.
        classes: names of the classes.
    """
    counts = np.bincount(labels, minlength=len(classes))
    return dict(zip(classes, map(int, counts), strict=True))


def imbalance(counts: Mapping[str, int]) -> str | None:
    """Return a warning if one class has over three times as many images as another, else None.

    Args:
        counts: images per class, of at least one class.
    """
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    if counts[most] <= 3 * counts[least]:
        return None
    return (
        f"{most!r} has {counts[most]:,} training images and {least!r} only {counts[least]:,}:"
        f" accuracy will favour {most!r}"
    )
