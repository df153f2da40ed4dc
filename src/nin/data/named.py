"""The published sets, each a class: Fashion-MNIST, MNIST, CIFAR-10, CIFAR-100 and the digits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nin.data import cifar, download, idx, sources
from nin.data.augmentation import Augmentation
from nin.data.balance import Balance
from nin.data.images import ImageData
from nin.data.sources import Source
from nin.data.split import Part, Split, hold_out, stratified


class NamedData(ImageData):
    """Base of the published sets.

    Args:
        batch_size: images in a batch.
        resize: (height, width) for the model to resize to; recorded only. None: as stored.
        validation: share of the training images to hold out, stratified by `seed`. With 0
            `val_dataloader` serves the test images, as the book does.
        limit: use this many training images at most, classes in proportion. None: all.
        seed: 0 or more; decides what is held out or left out, and the order of training.
        augmentation: random changes to training images. None: none.
        root: the folder to look in and download to. None: the environment variable ``NIN_DATA``,
            else the user's cache.
        balance: how classes of unequal size count alike in training; see `ImageData`.

    Raises:
        DataError: an argument out of its range; later, when a part is first asked for, files
            that are missing and cannot be downloaded, or that are not the published ones.
    """

    published: ClassVar[Source]

    def __init__(
        self,
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
        source = self.published
        settings: dict[str, Any] = {
            "validation": validation,
            "limit": limit,
            "seed": seed,
            "augmentation": augmentation,
            "root": root,
            "balance": balance,
        }
        resize = resize or source.shape[:2]
        super().__init__(source.name, source.classes, source.shape, batch_size, resize, **settings)
        self.hparams = {"batch_size": batch_size, "resize": resize, **settings}
        self.parts = ("train", "validation", "test") if validation else ("train", "test")
        self.source, self.licence = source.home, source.licence

    def stored(self, part: Part) -> Split:
        """Read the published training or test images, whole."""
        raise NotImplementedError

    def load(self, part: Part) -> Mapping[Part, Split]:
        """Read a part; the training and validation parts come together."""
        if part == "test":
            return {"test": self.stored("test")}
        images, labels = self.stored("train")
        everything = kept = np.arange(len(labels))
        found: dict[Part, Split] = {}
        if self.validation:
            kept, held = hold_out(labels, self.validation, self.seed, "validation")
            found["validation"] = Split(images[held], labels[held])
        if self.limit is not None and self.limit < len(kept):
            kept = kept[stratified(labels[kept], self.limit, self.seed)]
        if len(kept) == len(everything):
            return {"train": Split(images, labels)}
        return {**found, "train": Split(images[kept], labels[kept])}


class _IdxData(NamedData):
    """Sets kept in four IDX files: training images and labels, test images and labels."""

    def stored(self, part: Part) -> Split:
        """Read the images and labels of one part, whole."""
        files = self.published.files[2:] if part == "test" else self.published.files[:2]
        images, labels = (download.content(self.published, file, self.root) for file in files)
        return Split(idx.parse(images, 3)[..., None], idx.parse(labels, 1).astype(np.int32))


class _CifarData(NamedData):
    """Sets kept in one archive: which members to read, and how long their labels are."""

    members: ClassVar[dict[str, tuple[str, ...]]]
    label_bytes: ClassVar[int]

    def stored(self, part: Part) -> Split:
        """Read the images and labels of one part, whole."""
        source, names = self.published, self.members[part]
        archive = download.content(source, source.files[0], self.root)
        count = (source.test if part == "test" else source.train) // len(names)
        images, labels = cifar.parse(archive, names, count, self.label_bytes)
        return Split(images, labels.astype(np.int32))


class FashionMNIST(_IdxData):
    """Fashion-MNIST: 60,000 + 10,000 grey 28×28 pictures of clothes; see `NamedData`.

    Example:
        >>> data = nin.FashionMNIST(batch_size=128, resize=(224, 224))
        >>> data.text_labels([0, 9])
        ['t-shirt', 'ankle boot']
    """

    published = sources.FASHION_MNIST


class MNIST(_IdxData):
    """MNIST: 60,000 + 10,000 grey 28×28 handwritten digits; see `NamedData`.

    Example:
        >>> data = nin.MNIST(validation=0.1, augmentation=nin.Augmentation(shift=2))
        >>> data.parts
        ('train', 'validation', 'test')
    """

    published = sources.MNIST


class CIFAR10(_CifarData):
    """CIFAR-10: 50,000 + 10,000 colour 32×32 photographs in ten classes; see `NamedData`.

    Example:
        >>> nin.CIFAR10(batch_size=128).text_labels([0, 9])
        ['airplane', 'truck']
    """

    published = sources.CIFAR10
    members: ClassVar = {
        "train": tuple(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)),
        "test": ("cifar-10-batches-bin/test_batch.bin",),
    }
    label_bytes = 1


class CIFAR100(_CifarData):
    """CIFAR-100: 50,000 + 10,000 colour 32×32 photographs in 100 classes; see `NamedData`.

    Example:
        >>> len(nin.CIFAR100().classes)
        100
    """

    published = sources.CIFAR100
    members: ClassVar = {
        "train": ("cifar-100-binary/train.bin",),
        "test": ("cifar-100-binary/test.bin",),
    }
    label_bytes = 2


class Digits(NamedData):
    """The 1,797 grey 8×8 digits that come with scikit-learn: no file, no download.

    Four fifths are for training, the same ones whatever the `seed`; their values 0..16 become
    0..255. See `NamedData`.

    Example:
        >>> data = nin.Digits()
        >>> data.train.images.shape, data.test.images.shape
        ((1438, 8, 8, 1), (359, 8, 8, 1))
    """

    published = sources.DIGITS

    def stored(self, part: Part) -> Split:
        """Read the images and labels of one part, whole."""
        from sklearn.datasets import load_digits

        values, labels = load_digits(return_X_y=True)
        images = np.rint(values * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
        chosen = stratified(labels, self.published.train, seed=0)
        if part == "test":
            chosen = np.setdiff1d(np.arange(len(labels)), chosen)
        return Split(images[chosen], labels[chosen].astype(np.int32))
