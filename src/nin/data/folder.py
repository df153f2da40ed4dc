"""`ImageFolder`: your own photographs, a folder for each class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nin.data.augmentation import Augmentation
from nin.data.images import ImageData, Part, Split
from nin.data.listing import Files, Listing, list_folder
from nin.data.reading import read_pictures
from nin.data.split import check_share, hold_out, stratified
from nin.errors import DataError
from nin.files import expand

#: The most memory a set may take, in bytes: 8 GiB.
MEMORY_LIMIT = 8 * 2**30

_NAMED_IN_MESSAGE = 10


class ImageFolder(ImageData):
    """Pictures in a directory with a folder for each class, perhaps inside train/, val/, test/.

    ``val/`` may be called ``valid/`` or ``validation/``. Without such folders all pictures are
    divided by `seed`, each class in proportion; with train/ but no validation folder a share of
    train/ is held out; with train/ but no test/ there is no test part. The folder is listed at
    once; the pictures are read, all of them, when a part is first asked for (see
    `nin.data.decode.decode` for what is read and how), and stay in memory.

    Args:
        path: the directory.
        batch_size: images in a batch.
        image_size: side in pixels that every picture is resized to, its aspect ratio given up.
        validation: share of the pictures held out for validation, unless there is a folder.
        test: share of the pictures held out for the test, unless there is a train/ folder.
        limit: use this many training pictures at most, classes in proportion. None: all.
        seed: 0 or more; decides what is held out or left out, and the order of training.
        augmentation: random changes to training images. None: none.
        skip_bad: go on without pictures that cannot be read, naming them in `skipped`.
        grey: one channel in place of three.

    Attributes:
        skipped: pictures left out because they cannot be read, with the reason; filled on reading.

    Raises:
        DataError: a missing folder or one arranged otherwise, an argument out of its range, a set
            above `MEMORY_LIMIT`; on reading, pictures that cannot be read.
    """

    def __init__(
        self,
        path: str | Path,
        batch_size: int = 64,
        *,
        image_size: int = 128,
        validation: float = 0.1,
        test: float = 0.1,
        limit: int | None = None,
        seed: int = 0,
        augmentation: Augmentation | None = None,
        skip_bad: bool = False,
        grey: bool = False,
    ) -> None:
        self.save_hyperparameters(ignore=("path", "test"))
        hparams = {"path": str(path), "test": test, **self.hparams}
        self.path = expand(path)
        if image_size < 1:
            raise DataError(f"image_size must be 1 or more, not {image_size}")
        _check_shares(validation, test)
        listing = list_folder(self.path)
        super().__init__(
            self.path.resolve().name,
            listing.classes,
            (image_size, image_size, 1 if grey else 3),
            batch_size,
            (image_size, image_size),
            validation=validation,
            limit=limit,
            seed=seed,
            augmentation=augmentation,
        )
        self.hparams = hparams
        self.skip_bad = skip_bad
        self.has_own_parts = listing.split
        self.skipped: list[str] = []
        self.source = str(path)
        self._files = _arranged(listing, validation, test, limit, seed)
        self.parts = tuple(self._files)
        _check_memory(sum(len(f.paths) for f in self._files.values()), self.image_shape)

    def load(self, part: Part) -> Mapping[Part, Split]:
        """Read every part, so that a bad picture is known before training and not after."""
        size, _, channels = self.image_shape
        splits: dict[Part, Split] = {}
        bad: list[str] = []
        for name, files in self._files.items():
            images, faults = read_pictures(files.paths, size, channels)
            bad += faults.values()
            labels = files.labels
            if faults:
                images = np.delete(images, list(faults), axis=0)
                labels = np.delete(labels, list(faults))
            splits[name] = Split(images, labels)
        if bad and not self.skip_bad:
            raise DataError(_message(bad))
        self._check_left(splits)
        self.skipped = bad
        return splits

    def _check_left(self, splits: Mapping[Part, Split]) -> None:
        for label, name in enumerate(self.classes):
            if label not in splits["train"].labels:
                raise DataError(f"{self.path}: no picture of {name!r} is left for training")
        for part, split in splits.items():
            if len(split.labels) == 0:
                raise DataError(f"{self.path}: no picture is left for {part}")


def _arranged(
    listing: Listing, validation: float, test: float, limit: int | None, seed: int
) -> dict[Part, Files]:
    parts = dict(listing.parts)
    total = len(parts["train"].paths)
    if not listing.split and test:
        _carve(parts, "test", test, seed)
    if "validation" not in parts and validation:
        share = validation * total / len(parts["train"].paths)
        _carve(parts, "validation", share, seed)
    train = parts["train"]
    if limit is not None and limit < len(train.paths):
        parts["train"] = train.take(stratified(train.labels, limit, seed))
    order: tuple[Part, ...] = ("train", "validation", "test")
    return {part: parts[part] for part in order if part in parts}


def _carve(parts: dict[Part, Files], part: Part, share: float, seed: int) -> None:
    train = parts["train"]
    kept, held = hold_out(train.labels, share, seed, part)
    parts["train"], parts[part] = train.take(kept), train.take(held)


def _check_shares(validation: float, test: float) -> None:
    check_share("validation", validation)
    check_share("test", test)
    check_share("validation and test together", validation + test)


def _check_memory(count: int, shape: tuple[int, int, int]) -> None:
    size = count * int(np.prod(shape))
    if size > MEMORY_LIMIT:
        raise DataError(
            f"{count:,} pictures of {shape[0]}×{shape[1]} take {size / 2**30:.1f} GiB, above the"
            f" {MEMORY_LIMIT / 2**30:.0f} GiB allowed: lower image_size, or set limit"
        )


def _message(bad: list[str]) -> str:
    named = "; ".join(bad[:_NAMED_IN_MESSAGE])
    more = f"; and {len(bad) - _NAMED_IN_MESSAGE} more" if len(bad) > _NAMED_IN_MESSAGE else ""
    return (
        f"{len(bad)} picture(s) cannot be read: {named}{more}: mend or remove them,"
        " or go on without them with skip_bad=True"
    )
