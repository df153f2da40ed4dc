"""`LoaderImages`: images from a user's own loader: tf.data, a PyDataset, a torch DataLoader.

The loader chooses the order of the images and changes to them, which may differ each time, so
neither exact resume nor identical results from the same seed are promised. One pass over it is kept
in memory, to standardise, count and calibrate with; training then takes the loader's batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from nin.data.in_memory.array_images import ImageArrays
from nin.data.in_memory.pixel_values import channels_last, scale_of, scaled
from nin.data.loader import Batches, as_numpy
from nin.data.split import Labels
from nin.errors import Argument, DataError


class LoaderImages(ImageArrays):
    """Images from loaders that yield batches of (images, labels).

    Args:
        train: the loader to train on; iterated over again in each epoch.
        validation: the loader to validate on, iterated over once, or None.
        test: the loader to evaluate on, iterated over once, or None.
        classes: names of the classes. None: their numbers.
        settings: arguments of `ImageArrays`, except groups, folds and shares.

    Raises:
        DataError: a loader has no end or no length, or yields anything but batches of images and
            labels; also as for `ImageArrays`.
    """

    def __init__(
        self,
        train: Any,
        validation: Any = None,
        test: Any = None,
        *,
        classes: Sequence[Any] | None = None,
        **settings: Any,
    ) -> None:
        loaders = {"validation": validation, "test": test}
        held: dict[str, Any] = {
            part: 0.0 if each is None else collect(each) for part, each in loaders.items()
        }
        images, labels = collect(train)
        if labels.dtype.kind not in "buif":
            raise DataError("a loader gives labels as numbers or one-hot, not as texts")
        self._loader, self._scale = train, scale_of(images)
        settings.setdefault("name", type(train).__name__.strip("_").lower())
        super().__init__(images, labels, classes=classes, **held, **settings)
        self.source = f"a {type(train).__name__.strip('_')}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about the loader, one line each."""
        note = (
            f"the images come from {self.source}, which chooses their order: neither exact resume"
            " nor the same result from the same seed is guaranteed"
        )
        return (*super().notes, note)

    def revised(self, **settings: Any) -> LoaderImages:
        """Return the same loaders with other settings; see `ImageArrays.revised`.

        Raises:
            DataError: a setting does not apply to a loader's batches.
        """
        for name in ("folds", "limit", "balance"):
            if settings.get(name) not in (None, "none"):
                raise DataError(
                    "cannot be used with a loader, which chooses its own images",
                    about=Argument(name, settings[name]),
                )
        # Images held out of one pass would be trained on in the next.
        copy = super().revised(**{**settings, "validation": 0.0})
        copy._loader, copy._scale = self._loader, self._scale
        return copy

    def describe(self) -> dict[str, Any]:
        """Return a description of the set, with ``"exact": False``, ready for JSON."""
        return {**super().describe(), "exact": False}

    def get_dataloader(self, train: bool) -> Batches:
        """Return batches from the training loader, or those of the validation part."""
        if not train:
            return super().get_dataloader(train=False)
        images, labels = self.train
        return LoaderBatches(
            np.asarray(images),
            labels,
            self.batch_size,
            shuffle=True,
            seed=self.seed,
            augmentation=self.augmentation,
            classes=len(self.classes),
            loader=self._loader,
            scale=self._scale,
        )


class LoaderBatches(Batches):
    """Batches of one size, made from a loader's batches of any size, in the loader's order.

    Args:
        images: the images of one pass over the loader, which give the length of an epoch.
        labels: their labels.
        batch_size: samples per batch.
        loader: where the batches come from; it is started again when it ends.
        scale: factor for its pixels.
        settings: further arguments of `Batches`.
    """

    def __init__(
        self,
        images: NDArray[Any],
        labels: Labels,
        batch_size: int,
        *,
        loader: Any,
        scale: int,
        **settings: Any,
    ) -> None:
        super().__init__(images, labels, batch_size, **settings)
        self._loader, self._scale = loader, scale
        self._left: tuple[NDArray[Any], Labels] = (images[:0], labels[:0])
        self._batches: Iterator[Any] = iter(())

    def on_epoch_begin(self) -> None:
        """Tell the loader that an epoch begins, as Keras would."""
        getattr(self._loader, "on_epoch_begin", lambda: None)()

    def on_epoch_end(self) -> None:
        """Move on to the next epoch, and tell the loader, as Keras would."""
        super().on_epoch_end()
        getattr(self._loader, "on_epoch_end", lambda: None)()

    def _taken(self, epoch: int, index: int) -> tuple[NDArray[Any], Labels, None]:
        if index == self.first:
            self._batches, self._left = batches_of(self._loader), (self.images[:0], self.labels[:0])
        count = min(self.batch_size, self.num_samples - index * self.batch_size)
        while len(self._left[1]) < count:
            batch = next(self._batches, None)
            if batch is None:
                self._batches = batches_of(self._loader)
                batch = next(self._batches, None)
            if batch is None:
                raise _used_up(self._loader)
            images, labels = pair_of(batch)
            pixels = scaled(channels_last(images), self._scale)
            if labels.ndim == 2:
                labels = labels.argmax(axis=1) if labels.shape[1] > 1 else labels[:, 0]
            self._left = (
                np.concatenate([self._left[0], pixels]),
                np.concatenate([self._left[1], labels.astype(np.int32)]),
            )
        images, labels = self._left
        self._left = images[count:], labels[count:]
        return images[:count], labels[:count], None


def _used_up(loader: Any) -> DataError:
    return DataError(
        f"a {type(loader).__name__} is used up after one pass",
        "give a tf.data.Dataset, a PyDataset, a DataLoader, or arrays",
    )


def collect(loader: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the images and labels of one pass over a loader.

    Raises:
        DataError: it has no end, can be iterated over only once, or yields no batches of both.
    """
    if hasattr(loader, "__next__"):
        raise _used_up(loader)
    pairs = [pair_of(batch) for batch in batches_of(loader)]
    if not pairs:
        raise DataError(f"{type(loader).__name__} gives no batches")
    images, labels = zip(*pairs, strict=True)
    try:
        return np.concatenate(images), np.concatenate(labels)
    except ValueError as error:
        raise DataError(
            f"{type(loader).__name__} gives batches of several shapes: {error}"
        ) from error


def batches_of(loader: Any) -> Iterator[Any]:
    """Return the batches of one pass over a loader."""
    name = type(loader).__name__
    cardinality = getattr(loader, "cardinality", None)
    if cardinality is not None and int(cardinality()) == -1:
        raise DataError(f"{name} never ends: leave out repeat()")
    if _is_endless(loader):
        raise DataError(f"{name} never ends: give it a length")
    if hasattr(loader, "__iter__"):
        return iter(loader)
    return (loader[number] for number in range(len(loader)))


def _is_endless(loader: Any) -> bool:
    try:
        return isinstance(loader, keras.utils.PyDataset) and loader.num_batches is None
    except NotImplementedError:
        return True


def pair_of(batch: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the images and labels of a batch.

    Raises:
        DataError: it is not a batch of both.
    """
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        size = f" of {len(batch)}" if isinstance(batch, (tuple, list)) else ""
        raise DataError(f"a loader gives (images, labels), not a {type(batch).__name__}{size}")
    images, labels = (as_numpy(each) for each in batch)
    if images.ndim < 3 or labels.ndim < 1:
        raise DataError(f"a loader gives batches, not single images of shape {images.shape}")
    return images, labels
