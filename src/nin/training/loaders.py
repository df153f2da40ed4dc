"""The batches for Keras's `fit`: this process's shard, from where training continues."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from nin.backends.distribution import layout
from nin.data import Batches, DataModule, Shard, reading_ahead
from nin.errors import BackendError, DataError


class Loaders(NamedTuple):
    """Training and validation batches of a data module."""

    train: Any
    validation: Any

    @property
    def num_samples(self) -> int:
        """Number of training images per epoch.

        For custom loaders it is estimated from the size of the first batch.
        """
        samples = getattr(self.train, "num_samples", None)
        if samples is not None:
            return int(samples)
        images, *_ = next(iter(self.train))
        return len(self.train) * len(images)

    def seek(self, epoch: int, batch: int) -> None:
        """Make `epoch` the next epoch, without its first `batch` batches.

        A loader without an attribute `epoch` stays as it is.
        """
        source = _source(self.train)
        if hasattr(source, "epoch"):
            source.epoch, source.first = epoch, batch

    def reading_ahead(self) -> AbstractContextManager[Any]:
        """Within this block, batches of streamed images are read before they are requested."""
        return reading_ahead(_source(self.train), _source(self.validation))


def open_loaders(data: DataModule) -> Loaders:
    """The loaders of `data`; with several devices, this process's rows of each batch.

    Raises:
        DataError: a loader has no length.
        BackendError: several devices train, and the loaders cannot be divided among them.
    """
    train, validation = data.train_dataloader(), data.val_dataloader()
    for loader in (train, validation):
        if loader is not None:
            _check_length(loader, type(data).__name__)
    here = layout()
    if here.devices == 1:
        return Loaders(train, validation)
    if not (isinstance(train, Batches) and isinstance(validation, Batches)):
        raise BackendError(
            f"{type(data).__name__} returns loaders that several devices cannot share:"
            " let them be nin.data.Batches"
        )
    return Loaders(Shard(train, here, training=True), Shard(validation, here, training=False))


def _check_length(loader: Any, owner: str) -> None:
    try:
        len(loader)
    except TypeError as error:
        raise DataError(
            f"{owner} returns a {type(loader).__name__}, which has no length",
            "let get_dataloader return self.get_tensorloader((X, y), train)",
        ) from error


def _source(loader: Any) -> Any:
    """The batches that a shard takes its rows from; any other loader itself."""
    return loader.batches if isinstance(loader, Shard) else loader
