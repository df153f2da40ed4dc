"""`NamedData`: base class of the published data sets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from nin.data.augmentation import Augmentation
from nin.data.balance import Balance
from nin.data.download import Source
from nin.data.images import ImageData
from nin.data.split import Part, Split, hold_out, stratified


class NamedData(ImageData):
    """Base class of the published data sets.

    Args:
        batch_size: images per batch.
        resize: (height, width) for the model to resize to; recorded only. None: as stored.
        validation: share of the training images to hold out, stratified by `seed`. With 0
            `val_dataloader` serves the test images, as the book does.
        limit: use at most this many training images, classes in proportion. None: all.
        seed: random seed, 0 or more, for what is held out or left out and for the training order.
        augmentation: random changes to training images, or None.
        root: the folder to look in and download to. None: the one that the environment variable
            ``NIN_DATA`` names, or else the user's cache.
        balance: how to make up for classes of unequal size in training; see `ImageData`.

    Raises:
        DataError: an argument is out of range; later, when a part is first used, its files are
            missing and cannot be downloaded, or are not the published ones.
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
        """Read all published training or test images."""
        raise NotImplementedError

    def in_order_of(self, seed: int) -> Self:
        """Return the same images in the same parts, with the training order of another seed."""
        self.split("train")  # Read now: its images must be chosen by the present seed.
        return super().in_order_of(seed)

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
