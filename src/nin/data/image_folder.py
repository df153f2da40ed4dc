"""`ImageFolder`: your own pictures, one directory per class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.data.augmentation import Augmentation
from nin.data.balance import Balance
from nin.data.block_order import Blocks, find_blocks
from nin.data.decoding.bit_depth import DEPTHS
from nin.data.decoding.decode import ResizeMode, check_resize_mode
from nin.data.fingerprint import fingerprint_digests, fingerprint_files
from nin.data.folder_reader import FolderReader, is_streamed
from nin.data.folders.content import Digests, digest_files
from nin.data.folders.division import SplitBy, check_split_by, divide
from nin.data.folders.grouping import GroupBy, check_pattern
from nin.data.folders.listing import Files
from nin.data.folders.membership import Membership
from nin.data.image_statistics import mean_and_std
from nin.data.images import ImageData
from nin.data.source_listing import list_source
from nin.data.split import Part, Split, check_share
from nin.data.storage.url_path import source_path
from nin.errors import DataError
from nin.urls import is_url

#: How many pictures of a streamed set to compute its mean and standard deviation from.
SAMPLE = 1024


class ImageFolder(ImageData):
    r"""Pictures in one directory per class, optionally inside train/, val/ and test/.

    ``val/`` may also be called ``valid/`` or ``validation/``. A division by folders is kept. The
    rest is divided at random, by `seed` and the content of each file, so that a picture stays in
    its part when it is renamed or others are added (see `nin.data.folders.division`):

    - without such folders, all pictures are divided into three parts;
    - with train/ but no val/, a share of train/ is held out for validation; if there is no test/
      either, there is no test part;
    - with train/ and val/ but no test/, val/ is the test part, and a share of train/ is held out
      for validation: images that test a network must not have been used to choose it.

    The folder is listed immediately. All pictures are read when a part is first used, and stay in
    memory; see `nin.data.decoding.decode.decode` for the formats.

    A set larger than `MEMORY_LIMIT` is streamed: its pictures stay on disk, and threads decode them
    in each epoch, ahead of the training step. The batches are exactly the same. ``train.images`` is
    then a `Pictures`, and three things differ, because pictures are not all read beforehand:

    - `statistics`, which the model standardises with, come from `SAMPLE` training pictures, chosen
      by `seed`.
    - `fingerprint` covers digests of the files instead of pixels.
    - An unreadable picture is an error only when it is needed. With `skip_bad` the next readable
      picture of its class takes its place, so that the number of pictures stays the same.

    Pictures in shards keep the shards' order and are named ``train-000.tar/000123.jpg``; see
    `nin.data.shards`. Everything else is the same, except the training order of more than 16,384
    pictures: see `nin.data.block_order`.

    Args:
        path: the directory; or a table of labels beside the pictures, ``.csv``, ``.tsv`` or
            ``.jsonl``, with columns such as ``file``, ``label`` and optionally ``split``; or
            shards: a directory of ``.tar`` or ``.parquet`` files, one such file, or a pattern such
            as ``train-{000..099}.tar``.
        batch_size: images per batch.
        image_size: side in pixels of the square that every picture is resized to.
        validation: share of the pictures to hold out for validation, unless there is a val/ folder.
        test: share of the pictures to hold out for testing, unless there is a train/ folder.
        limit: use at most this many training pictures, classes in proportion. None: all.
        seed: random seed, 0 or more, for what is held out or left out and for the training order.
        augmentation: random changes to training images, or None.
        skip_bad: leave out pictures that cannot be read, and list them in `skipped`.
        grey: one channel instead of three.
        stream: whether to leave the pictures on disk. None: if they need more than `MEMORY_LIMIT`.
        resize_mode: ``"squash"`` resizes the whole picture, whatever its aspect ratio; ``"crop"``
            keeps the aspect ratio and takes the square in the middle.
        balance: how to make up for classes of unequal size in training; see `ImageData`.
        bit_depth: bit depth of pictures of more than 8 bits whose files do not state it: 8, 10, 12,
            14 or 16; pictures with larger values get more bits. None: the smallest that holds the
            training pictures, or a sample of them.
        split_by: ``"content"``; or ``"position"``, for runs made before there was a choice: by a
            picture's place among the others, with classes in exact proportion. Adding a picture may
            then move others.
        membership: pictures that stay in the part they are known to be in, by content, such as the
            `membership` of another folder or run. None: no such pictures.
        groups: which pictures must be in the same part, such as several of one object: a regular
            expression searched for in the path below the folder, such as ``r"object(\d+)"``, whose
            first group or else whole match is the key; or a function of that path that returns the
            key. None: only copies stay together.
        folds: divide the pictures into this many folds and test on one of them, `fold`. Only for a
            folder that is not divided into parts. None: divide by share.
        fold: which fold is the test part, from 0.

    Attributes:
        stream: whether the pictures are left on disk.
        inventory: what was found in the folder and what was left out: a `FolderInventory`.

    Raises:
        DataError: the folder is missing or has another layout, an argument is out of range, or the
            set is larger than `MEMORY_LIMIT` with ``stream=False``; on reading, a picture cannot be
            read.

    Example:
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> for name, colour in ("sky", "skyblue"), ("sea", "navy"):
        ...     Path("photos", name).mkdir(parents=True)
        ...     for number in range(10):
        ...         Image.new("RGB", (60, 40), colour).save(f"photos/{name}/{number}.png")
        >>> data = nin.ImageFolder("photos", image_size=32)
        >>> data.classes, data.train.images.shape
        (('sea', 'sky'), (16, 32, 32, 3))
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
        stream: bool | None = None,
        resize_mode: ResizeMode = "squash",
        balance: Balance = "none",
        bit_depth: int | None = None,
        split_by: SplitBy = "content",
        membership: Membership | None = None,
        groups: GroupBy | None = None,
        folds: int | None = None,
        fold: int | None = None,
    ) -> None:
        # It reads this frame's local variables, so there must be none yet but the arguments.
        self.save_hyperparameters(ignore=("path", "test", "bit_depth", "membership"))
        left_out = {"test": test, "bit_depth": bit_depth, "membership": membership}
        hparams = {"path": str(path), **left_out, **self.hparams}
        self.path = source_path(path)
        if is_url(self.path):
            hparams["path"] = str(self.path)
        if image_size < 1:
            raise DataError(f"image_size must be 1 or more, not {image_size}")
        check_resize_mode(resize_mode)
        check_split_by(split_by)
        if groups is not None:
            check_pattern(groups)
        if bit_depth is not None and bit_depth not in DEPTHS:
            raise DataError(f"bit_depth={bit_depth!r}: must be 8, 10, 12, 14, 16 or None")
        _check_shares(validation, test)
        listing = list_source(self.path)
        self.path = listing.root
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
            balance=balance,
        )
        self.hparams = hparams
        self.skip_bad, self.resize_mode = skip_bad, resize_mode
        self.has_own_parts = listing.split
        self.inventory = listing.inventory
        self.source = hparams["path"]
        self.split_by = split_by
        apart: dict[str, Any] = {"split_by": split_by, "known": membership}
        apart |= {"groups": groups, "folds": folds, "fold": fold}
        division = divide(listing, validation, test, limit, seed, **apart)
        self._files, self._digests, self._left_out = division
        self.parts = tuple(self._files)
        count = sum(len(files.paths) for files in self._files.values())
        self.stream = is_streamed(stream, count, self.image_shape)
        self._reader = FolderReader(self.image_shape, resize_mode, self.stream, skip_bad, bit_depth)

    @property
    def skipped(self) -> list[str]:
        """The pictures that were left out, each with the reason."""
        return [why for _, why in sorted(self._reader.skipped.items())]

    @property
    def bit_depth(self) -> int | None:
        """Bit depth of files of more than 8 bits that do not state it; None if there are none."""
        return self._reader.bit_depth(self._files)

    @property
    def remarks(self) -> Counter[str]:
        """Remarks about the pictures read so far → how many pictures each applies to."""
        return self._reader.remarks

    def files(self, part: Part) -> Files:
        """Return the paths and labels of one of `parts`, including unreadable pictures."""
        return self._files[part]

    def digests(self, part: Part) -> Digests:
        """Return a digest of the content of each file of a part, in the order of `files`."""
        if part not in self._digests:
            self._digests[part] = digest_files(self._files[part].paths, self.path)
        return self._digests[part]

    def membership(self) -> Membership:
        """Return which picture is in which part, by content; a run saves this."""
        parts = {part: (self.digests(part), self._files[part].labels) for part in self.parts}
        return Membership.of(parts, digest_files(self._left_out.paths, self.path))

    def keep(self, part: Part, files: Files) -> None:
        """Keep only these pictures, as the only part, and only the classes that they have."""
        used, labels = np.unique(files.labels, return_inverse=True)
        self.classes = tuple(self.classes[label] for label in used.tolist())
        self._files = {part: Files(files.paths, labels.astype(np.int32))}
        self.parts = (part,)
        self._digests.clear()
        self._loaded.clear()

    def names(self, part: Part) -> list[str]:
        """Return the paths of the pictures of a part, in order, without those left out."""
        paths, count = self._files[part].paths, len(self.split(part).labels)
        # In a streamed set every picture keeps its place, readable or not.
        return paths if len(paths) == count else [p for p in paths if p not in self._reader.skipped]

    def blocks(self, part: Part) -> Blocks | None:
        """Return which pictures of a part lie together in shards; None for a folder."""
        return find_blocks(self.names(part))

    def load(self, part: Part) -> Mapping[Part, Split]:
        """Read every part, so that unreadable pictures are known before training.

        Of a streamed set, at most a sample is read, to find the bit depth.
        """
        splits = self._reader.read(self._files)
        if not self.stream:
            for name, split in splits.items():
                self.check_left(name, split.labels)
        return splits

    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the mean and standard deviation of each channel of the training images.

        On a scale from 0 (black) to 1, over all pixels. If more than `SAMPLE` pictures are
        streamed, only over `SAMPLE` of them, chosen by `seed`.
        """
        images, _ = self.train
        if not self.stream or len(images) <= SAMPLE:
            return mean_and_std(images)
        chosen = np.random.default_rng(self.seed).choice(len(images), SAMPLE, replace=False)
        return mean_and_std(images, np.sort(chosen))

    def describe(self) -> dict[str, Any]:
        """Return a description of the set, with `inventory` and any `bit_depth`, ready for JSON."""
        found = {**super().describe(), "inventory": self.inventory.record()}
        return found if self.bit_depth is None else {**found, "bit_depth": self.bit_depth}

    def fingerprint(self) -> str:
        """Return a SHA-256 over the name, the classes and every image and label in use.

        For a streamed set, digests of the files replace the pixels, and the set's name is left out;
        if it is divided by position, the files' names and sizes replace the pixels, and the set's
        name is included. The size and a `resize_mode` other than ``"squash"`` are always included.
        """
        if not self.stream:
            return super().fingerprint()
        # Added only where it is not the default, so that earlier fingerprints stay valid.
        resized = () if self.resize_mode == "squash" else (self.resize_mode,)
        identity = (self.name, self.classes, self.image_shape, *resized)
        if self.split_by == "content":
            parts = {part: (self.digests(part), self._files[part].labels) for part in self.parts}
            return fingerprint_digests(identity[1:], parts)
        return fingerprint_files(identity, self._files, self.path)

    def check_left(self, part: Part, labels: NDArray[np.int32]) -> None:
        """Refuse a part, or a class to train on, without any pictures left.

        Args:
            part: the part that the labels belong to.
            labels: (n,), labels of the pictures that can be read.

        Raises:
            DataError: a part or class has none; the message names it.
        """
        if len(labels) == 0:
            raise DataError(f"{self.path}: no picture is left for {part}")
        for label, name in enumerate(self.classes):
            if part == "train" and label not in labels:
                raise DataError(f"{self.path}: no picture of {name!r} is left for training")


def _check_shares(validation: float, test: float) -> None:
    check_share("validation", validation)
    check_share("test", test)
    check_share("validation and test together", validation + test)
