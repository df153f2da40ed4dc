"""`DataModule`: the book's base class for a source of training and validation batches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nin.errors import DataError
from nin.hyperparameters import HyperParameters

if TYPE_CHECKING:
    from nin.data.loader import Batches


class DataModule(HyperParameters):
    """Base class of data sets (*Dive into Deep Learning*, section 3.2): override `get_dataloader`.

    Args:
        root: the folder where files are kept.
        num_workers: recorded, as in the book, but not used: batches of arrays in memory are made
            faster in this process.

    Example:
        >>> import numpy as np
        >>> class Noise(nin.DataModule):
        ...     def __init__(self, batch_size=8):
        ...         super().__init__()
        ...         self.save_hyperparameters()
        ...         self.X = np.random.default_rng(0).random((32, 8, 8, 1), np.float32)
        ...         self.y = np.arange(32) % 2
        ...
        ...     def get_dataloader(self, train):
        ...         some = slice(0, 24) if train else slice(24, None)
        ...         return self.get_tensorloader((self.X, self.y), train, some)
        >>> [len(y) for X, y in Noise().train_dataloader()]
        [8, 8, 8]
    """

    root: str | Path | None
    num_workers: int

    def __init__(
        self,
        root: str | Path | None = "../data",
        num_workers: int = 4,
    ) -> None:
        self.save_hyperparameters()

    def get_dataloader(self, train: bool) -> Any:
        """Return the batches of one part of the data.

        Args:
            train: True for the training part, False for the validation part.

        Raises:
            DataError: the subclass does not override it.
        """
        raise DataError(f"{type(self).__name__} must define get_dataloader(self, train)")

    def train_dataloader(self) -> Any:
        """Return the training batches."""
        return self.get_dataloader(train=True)

    def val_dataloader(self) -> Any:
        """Return the validation batches."""
        return self.get_dataloader(train=False)

    def get_tensorloader(
        self, tensors: Sequence[Any], train: bool, indices: slice = slice(0, None)
    ) -> Batches:
        """Return batches of arrays; training batches are shuffled in each epoch.

        Args:
            tensors: inputs and labels, arrays of equal length along their first axis.
            train: whether to shuffle.
            indices: the samples to use; all of them by default.

        Raises:
            DataError: there are not two arrays, they differ in length or are empty, or
                ``self.batch_size`` is missing or below 1.
        """
        batch_size = getattr(self, "batch_size", None)
        if batch_size is None:
            raise DataError(f"{type(self).__name__} must set self.batch_size")
        if len(tensors) != 2:
            raise DataError(f"get_tensorloader takes (inputs, labels), not {len(tensors)} arrays")
        from nin.data.loader import Batches, as_numpy, in_single_precision

        inputs, labels = (in_single_precision(as_numpy(tensor)[indices]) for tensor in tensors)
        seed = getattr(self, "seed", 0)
        return Batches(inputs, labels, batch_size, shuffle=train, seed=seed)
