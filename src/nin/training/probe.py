"""The few training images that the start and the health watch look at."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np

from nin.data import DataModule, ImageData

#: About how many.
SIZE = 64


class Probe(NamedTuple):
    """Some training images.

    Attributes:
        images: (n, height, width, channels), as stored.
        shares: how much each class counts in training: its share of all training images, or the
            same for each where they are balanced; None if that is not known.
    """

    images: np.ndarray[Any, Any]
    shares: np.ndarray[Any, Any] | None


def take_probe(data: DataModule) -> Probe:
    """As many images of each class as there is room for; of unknown data, a first batch."""
    if not isinstance(data, ImageData):
        images, *_ = next(iter(data.train_dataloader()))
        return Probe(np.asarray(keras.ops.convert_to_numpy(images))[:SIZE], None)
    images, labels = data.train
    classes = len(data.classes)
    each = max(1, SIZE // classes)
    chosen = [np.flatnonzero(labels == number)[:each] for number in range(classes)]
    counts = np.bincount(labels, minlength=classes)
    if data.balance != "none":
        counts = np.sign(counts)
    shares = counts / counts.sum()
    return Probe(images[np.sort(np.concatenate(chosen))], shares)
