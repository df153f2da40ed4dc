"""`ImageData`: labelled images, divided into a training, a validation and a test part."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from nin.data.augmentation import Augmentation
from nin.data.balance import Balance, check_balance
from nin.data.datamodule import DataModule
from nin.data.fingerprint import fingerprint
from nin.data.image_statistics import images_per_class, imbalance, mean_and_std
from nin.data.split import Part, Split, check_share
from nin.errors import Advice, Argument, DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nin.data.block_order import Blocks
    from nin.data.loader import Batches

_ABSENT: dict[Part, tuple[str | Advice, ...]] = {
    "train": ("training images",),
    "validation": (
        "validation images",
        Advice("hold some out: {}", Argument("validation", 0.1)),
    ),
    "test": (
        "test images",
        "give a folder test/",
        Advice("hold some out: {}", Argument("test", 0.1)),
    ),
}


class ImageData(DataModule):
    """Base class of image data sets; a subclass names its `parts` and returns them from `load`.

    Nothing is read until a part is used. Images stay uint8 at their stored size: resizing
    and standardising belong to the model.

    Args:
        name: what the set is called.
        classes: the names of the classes, in the order of their labels.
        image_shape: (height, width, channels) as stored.
        batch_size: images per batch.
        resize: (height, width) for the model to resize to; recorded only. None: as stored.
        validation: share of the training images to hold out, at least 0 and below 1.
        limit: use at most this many training images. None: all.
        seed: random seed, 0 or more, for what is held out or left out and for the training order.
        augmentation: random changes to training images, or None.
        root: the folder where files are kept.
        balance: how to make up for classes of unequal size in training: ``"weights"``,
            ``"sampling"`` or ``"none"``; see `nin.data.balance.Balance`.

    Raises:
        DataError: an argument is out of range.
    """

    name: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int]
    batch_size: int
    resize: tuple[int, int] | None
    validation: float
    limit: int | None
    seed: int
    augmentation: Augmentation | None
    balance: Balance
    parts: tuple[Part, ...] = ("train", "test")
    #: Whether its parts were published or are separate folders, rather than split by us.
    has_own_parts = True
    source = ""
    licence = "not stated"

    def __init__(
        self,
        name: str,
        classes: Sequence[str],
        image_shape: tuple[int, int, int],
        batch_size: int = 64,
        resize: tuple[int, int] | None = None,
        *,
        validation: float = 0.0,
        limit: int | None = None,
        seed: int = 0,
        augmentation: Augmentation | None = None,
        root: str | Path | None = None,
        balance: Balance = "none",
    ) -> None:
        super().__init__(root=root)
        check_share("validation", validation)
        check_balance(balance)
        for what, value, least in (
            ("batch_size", batch_size, 1),
            ("limit", limit, 1),
            ("seed", seed, 0),
            *(("resize", side, 1) for side in resize or ()),
        ):
            if value is not None and value < least:
                raise DataError(f"{what} must be {least} or more, not {value}")
        self.name, self.classes, self.image_shape = name, tuple(classes), image_shape
        self.batch_size = batch_size
        self.resize = (resize[0], resize[1]) if resize else None
        self.validation, self.limit, self.seed = validation, limit, seed
        self.augmentation, self.balance = augmentation, balance
        self._loaded: dict[Part, Split] = {}

    def load(self, part: Part) -> Mapping[Part, Split]:
        """Read a part, and any others that are read along with it. Override this.

        Args:
            part: one of `self.parts`.
        """
        raise DataError(f"{type(self).__name__} must define load(self, part), here for {part}")

    @property
    def train(self) -> Split:
        """The training images, without those held out or beyond the limit."""
        return self.split("train")

    @property
    def validation_split(self) -> Split:
        """The held-out images, or those of the set's own validation part."""
        return self.split("validation")

    @property
    def val(self) -> Split:
        """The images that `val_dataloader` serves, under the book's name: see `get_dataloader`."""
        return self.split(self._validation_part())

    @property
    def test(self) -> Split:
        """The test images."""
        return self.split("test")

    def get_dataloader(self, train: bool) -> Batches:
        """Return the training batches, or the validation batches.

        Without a validation part the test part takes its place, as in the book, whose
        "validation" accuracy on Fashion-MNIST is that of the 10,000 test images. To choose
        anything by that number, hold out a validation part and keep the test part for the end.
        """
        if train:
            return self._batches("train", train=True)
        return self._batches(self._validation_part())

    def test_dataloader(self) -> Batches:
        """Return the test batches."""
        return self._batches("test")

    def names(self, part: Part) -> list[str]:
        """Return the names of the images of a part, in order; by default their positions."""
        return [str(position) for position in range(len(self.split(part).labels))]

    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the mean and standard deviation of each channel of the training images.

        On a scale from 0 (black) to 1, over all pixels.
        """
        return mean_and_std(self.train.images)

    def fingerprint(self) -> str:
        """Return a SHA-256 over the name, the classes and every image and label in use."""
        splits = {part: self.split(part) for part in self.parts}
        return fingerprint((self.name, self.classes), splits)

    def describe(self) -> dict[str, Any]:
        """Return a description of the set, ready for JSON.

        Keys: ``name``, ``classes``, ``image_shape``, ``splits`` (part → ``images``, ``per_class``),
        ``source``, ``licence``, ``fingerprint``.
        """
        return {
            "name": self.name,
            "classes": list(self.classes),
            "image_shape": list(self.image_shape),
            "splits": {part: self._counts(part) for part in self.parts},
            "source": self.source,
            "licence": self.licence,
            "fingerprint": self.fingerprint(),
        }

    def imbalance(self) -> str | None:
        """Return a warning if one class has over three times as many images as another, else None.

        Also None if `balance` makes up for it.
        """
        if self.balance != "none":
            return None
        return imbalance(images_per_class(self.train.labels, self.classes))

    def text_labels(self, indices: Iterable[Any]) -> list[str]:
        """Return the names of labels.

        Raises:
            DataError: a label is out of range.
        """
        numbers = [int(index) for index in indices]
        if wrong := [number for number in numbers if not 0 <= number < len(self.classes)]:
            raise DataError(f"label {wrong[0]}: {self.name} has {len(self.classes)} classes")
        return [self.classes[number] for number in numbers]

    def visualize(
        self, batch: Sequence[Any], nrows: int = 1, ncols: int = 8, labels: Sequence[str] = ()
    ) -> Figure:
        """Draw the first images of a batch in a grid, each with its class as title.

        In Jupyter the grid is displayed; elsewhere use the figure that is returned.

        Args:
            batch: (images, labels) or (images, labels, weights), as numpy arrays or tensors of the
                backend. Images are (n, height, width, channels), uint8 or floats from 0 to 1; other
                floats are rescaled to that range.
            nrows: rows of the grid.
            ncols: images per row.
            labels: titles to use instead of the class names.
        """
        from nin.data.figure import draw

        images, numbers, *_ = batch
        if np.ndim(numbers) == 2:  # Shares of classes: the largest gives the title.
            numbers = np.argmax(numbers, axis=1)
        return draw(images, list(labels) or self.text_labels(numbers), nrows, ncols)

    def split(self, part: Part) -> Split:
        """Return one of `parts`.

        Raises:
            DataError: there is no such part.
        """
        if part not in self.parts:
            what, *ways = _ABSENT[part]
            raise DataError(f"{self.name} has no {what}", *ways)
        if part not in self._loaded:
            self._loaded.update(self.load(part))
        return self._loaded[part]

    def in_order_of(self, seed: int) -> Self:
        """Return the same images in the same parts, with the training order of another seed."""
        other = copy.copy(self)
        other.seed = seed
        return other

    def blocks(self, part: Part) -> Blocks | None:
        """Return which images of a part lie together in shards; None if they are not in shards."""
        return None

    def _validation_part(self) -> Part:
        without = "validation" not in self.parts and "test" in self.parts
        return "test" if without else "validation"

    def _batches(self, part: Part, train: bool = False) -> Batches:
        from nin.data.streaming import batches

        return batches(
            self.split(part),
            self.batch_size,
            shuffle=train,
            seed=self.seed,
            augmentation=self.augmentation if train else None,
            balance=self.balance if train else "none",
            classes=len(self.classes),
            blocks=self.blocks(part) if train else None,
        )

    def _counts(self, part: Part) -> dict[str, Any]:
        labels = self.split(part).labels
        return {"images": len(labels), "per_class": images_per_class(labels, self.classes)}
