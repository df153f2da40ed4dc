"""`Shard`: one process's rows of each batch, where several devices train together."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from nin.backends.distribution import Layout
from nin.data.loader import Batches


class Shard(keras.utils.PyDataset):
    """This process's rows of each batch of `batches`.

    A batch has to be a multiple of the number of devices. One that is not is padded with copies of
    its first images at weight 0. The other images are weighted so that the mean over the padded
    batch is the mean over the batch (in training), or the mean over the padded epoch is the mean
    over the epoch (in validation). The batches' own weights are multiplied by these.

    Where images are read for each batch, a process reads only those it needs for its own rows.

    Args:
        batches: the whole batches, the same in every process.
        layout: the number of devices and processes, and which process this is.
        training: whether the mean over each batch has to be right, or only that over the epoch.
    """

    def __init__(self, batches: Batches, layout: Layout, *, training: bool) -> None:
        super().__init__(workers=0)
        self.batches, self.layout, self.training = batches, layout, training
        batches.needed = self._needed

    @property
    def num_samples(self) -> int:
        """How many samples an epoch has, over all processes."""
        return self.batches.num_samples

    def on_epoch_begin(self) -> None:
        """Tell `batches` that an epoch begins."""
        self.batches.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Move on to the next epoch's order."""
        self.batches.on_epoch_end()

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> tuple[NDArray[Any], ...]:
        batch = self.batches[index]
        if not self._uneven:
            return tuple(map(self._rows, batch))
        images, labels, *own = batch
        chosen = np.resize(np.arange(len(images)), self._filled(len(images)))
        weights = np.zeros(len(chosen), np.float32)
        weights[: len(images)] = self._weight(len(images))
        for each in own:
            weights *= each[chosen]
        return self._rows(images[chosen]), self._rows(labels[chosen]), self._rows(weights)

    @property
    def _uneven(self) -> bool:
        devices = self.layout.devices
        return bool(self.num_samples % devices or self.batches.batch_size % devices)

    def _weight(self, n: int) -> float:
        if self.training:
            return self._filled(n) / n
        whole, last = divmod(self.num_samples, self.batches.batch_size)
        filled = whole * self._filled(self.batches.batch_size) + self._filled(last)
        return filled / self.num_samples

    def _filled(self, n: int) -> int:
        return -(-n // self.layout.devices) * self.layout.devices

    def _needed(self, n: int) -> NDArray[np.intp]:
        """Which of a batch's n images this process needs.

        Those of its own rows and, where images are mixed, their counterparts in the reversed batch.
        """
        own = np.unique(self._rows(np.resize(np.arange(n), self._filled(n))))
        augmentation = self.batches.augmentation
        if augmentation is None or not augmentation.shares_labels:
            return own
        return np.union1d(own, n - 1 - own)

    def _rows(self, batch: NDArray[Any]) -> NDArray[Any]:
        rows = len(batch) // self.layout.processes
        return batch[self.layout.process * rows :][:rows]
