"""`Batches`: arrays in memory as batches, in the same order on every backend."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray

from nin.data.balance import Balance, balancing_weights, check_balance
from nin.data.block_order import Blocks
from nin.errors import DataError

if TYPE_CHECKING:
    from nin.data.augmentation import Augmentation
    from nin.data.pictures import Pictures


class Batches(keras.utils.PyDataset):
    """Batches for `fit`, `evaluate` and `predict`; also an ordinary sequence of (x, y) pairs.

    The order of the samples depends only on `seed` and `epoch`: it differs from epoch to epoch and
    is the same on every machine and backend. Use `fit(..., shuffle=False)`; otherwise Keras
    shuffles the batches as well. Iterating over the batches does not advance the epoch.

    Keras calls `on_epoch_end` after each epoch, and once before the first: with `epoch` at 0, `fit`
    trains with the orders of epochs 1, 2, ... To resume training exactly, set `epoch` to the number
    of epochs done; to resume within an epoch, set `first` as well. A callback may also set `epoch`
    in `on_epoch_begin`.

    Args:
        images: (n, height, width, channels), or any array with samples along its first axis.
        labels: (n,).
        batch_size: samples per batch; the last batch may be smaller.
        shuffle: whether to change the order each epoch.
        seed: random seed of the order and the augmentation, 0 or more.
        augmentation: random changes to each batch of images, or None.
        epoch: the epoch to start with; also an attribute to set.
        balance: how to make up for classes of unequal size; see `nin.data.balance.Balance`. With
            ``"weights"`` a batch is (x, y, weights). With ``"sampling"``, which requires `shuffle`,
            an epoch has the usual number of samples, some of them repeated. Default ``"none"``.
        classes: number of classes. Required by an augmentation that turns labels into shares of all
            classes, of shape (n, classes).
        blocks: which samples lie together in shards, so that they are read together in large sets;
            see `nin.data.block_order`. None: shuffle without regard to blocks.

    Raises:
        DataError: no samples, different numbers of images and labels, a `batch_size` below 1, a
            negative `seed`, an unknown `balance`, ``"sampling"`` without `shuffle`, or `classes`
            are required and missing.

    Attributes:
        first: how many batches to skip at the start of an epoch; 0 unless set.
        needed: a function of a batch's size that returns the rows this process needs, where other
            processes take the rest. Of images read from disk the other rows are black. None: all.
    """

    def __init__(
        self,
        images: NDArray[Any] | Pictures,
        labels: NDArray[Any],
        batch_size: int,
        *,
        shuffle: bool,
        seed: int = 0,
        augmentation: Augmentation | None = None,
        epoch: int = 0,
        balance: Balance = "none",
        classes: int | None = None,
        blocks: Blocks | None = None,
    ) -> None:
        super().__init__(workers=0)  # in this process: slices of an array need no helpers
        _check(images, labels, batch_size, seed)
        check_balance(balance)
        if balance == "sampling" and not shuffle:
            raise DataError(
                "balance='sampling' draws a new sample each epoch: it needs shuffle=True"
            )
        if augmentation is not None and augmentation.shares_labels and classes is None:
            raise DataError(
                "mixed images have shares of all classes as labels: give the number of classes"
            )
        self.images, self.labels = images, labels
        self.classes = classes
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.augmentation = augmentation
        self.epoch = epoch
        self.first = 0
        self.blocks = blocks
        self.needed: Callable[[int], NDArray[np.intp]] | None = None
        self.balance = balance
        self.weights = (
            balancing_weights(labels).astype(np.float32) if balance == "weights" else None
        )
        self._order: tuple[int, NDArray[np.intp]] | None = None

    @property
    def num_samples(self) -> int:
        """How many samples an epoch has."""
        return len(self.images)

    def __len__(self) -> int:
        return math.ceil(self.num_samples / self.batch_size) - self.first

    def __getitem__(self, index: int) -> tuple[NDArray[Any], ...]:
        index = self.first + range(len(self))[index]
        epoch = self.epoch
        images, labels, weights = self._taken(epoch, index)
        if self.augmentation is not None:
            # Index 0 would repeat the permutation's stream: numpy ignores trailing zeros.
            rng = np.random.default_rng((self.seed, epoch, 1 + index))
            images = self.augmentation(images, rng)
            if self.augmentation.shares_labels:
                assert self.classes is not None
                images, labels, weights = self.augmentation.mixed(
                    images, labels, self.classes, rng, weights
                )
        return (images, labels) if weights is None else (images, labels, weights)

    def on_epoch_end(self) -> None:
        """Move on to the next epoch's order."""
        self.epoch += 1

    def _taken(
        self, epoch: int, index: int
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
        """Images, labels and weights of a batch, before augmentation."""
        chosen = self._chosen(epoch, index)
        weights = None if self.weights is None else self.weights[chosen]
        return self._stored(epoch, index), self.labels[chosen], weights

    def _stored(self, epoch: int, index: int) -> NDArray[Any]:
        """The images of a batch as stored; `index` counts from the start of the epoch."""
        return self.images[self._chosen(epoch, index)]

    def _chosen(self, epoch: int, index: int) -> NDArray[np.intp]:
        return self._permutation(epoch)[index * self.batch_size :][: self.batch_size]

    def _permutation(self, epoch: int) -> NDArray[np.intp]:
        if not self.shuffle:
            epoch = 0
        order = self._order
        if order is None or order[0] != epoch:
            order = self._order = (epoch, self._drawn(epoch))
        return order[1]

    def _drawn(self, epoch: int) -> NDArray[np.intp]:
        if not self.shuffle:
            return np.arange(self.num_samples)
        rng = np.random.default_rng((self.seed, epoch))
        chosen = None
        if self.balance == "sampling":
            chances = balancing_weights(self.labels) / self.num_samples
            chosen = rng.choice(self.num_samples, self.num_samples, p=chances)
        if self.blocks is not None and self.blocks.exceed_a_window:
            samples = np.arange(self.num_samples) if chosen is None else chosen
            return self.blocks.order(samples, self.batch_size, rng)
        return rng.permutation(self.num_samples) if chosen is None else chosen


def as_numpy(tensor: Any) -> NDArray[Any]:
    """Return a list, an array or a tensor of the current backend as a numpy array."""
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def in_single_precision(array: NDArray[Any]) -> NDArray[Any]:
    """An array in the precision that networks compute in, where NumPy's own is double."""
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _check(
    images: NDArray[Any] | Pictures, labels: NDArray[Any], batch_size: int, seed: int
) -> None:
    if len(images) != len(labels):
        raise DataError(f"{len(images)} images but {len(labels)} labels: give as many of each")
    if len(images) == 0:
        raise DataError("no images: a loader needs at least one")
    if batch_size < 1:
        raise DataError(f"batch_size must be 1 or more, not {batch_size}")
    if seed < 0:
        raise DataError(f"seed must be 0 or more, not {seed}")
