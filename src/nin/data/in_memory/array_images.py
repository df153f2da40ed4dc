"""`ImageArrays`: arrays of images and labels, from memory or from an ``.npz`` file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from nin.data.augmentation import Augmentation
from nin.data.balance import Balance
from nin.data.fingerprint import fingerprint
from nin.data.folds import check_fold
from nin.data.images import ImageData
from nin.data.in_memory.array_division import divide_arrays
from nin.data.in_memory.given_arrays import GivenArrays, as_given, as_pair
from nin.data.in_memory.npz_file import read_npz
from nin.data.split import PARTS, Part, Split, check_share
from nin.errors import DataError
from nin.files import expand


class ImageArrays(ImageData):
    """Images and labels in arrays.

    Images are (n, height, width) or (n, height, width, channels), with one channel or three. They
    are kept as uint8: integers are taken as 0…255; floats as 0…1 if none exceeds 1, and otherwise
    as 0…255 and rounded. Where the range is ambiguous, `notes` states how it was interpreted, and
    training and evaluation print it. Labels are integers from 0, strings, or one-hot.

    The test part is held out by the arrays alone, so that it is the same for every `seed`; the
    validation part is held out by `seed`. Both are stratified.

    Args:
        images: the images to train on and to divide.
        labels: the class of each image.
        validation: share of the images to hold out for validation; or a pair of images and labels.
        test: share of the images to hold out for the test; or a pair of images and labels.
        classes: names of the classes, in the order of their numbers. None: the strings that occur,
            sorted, or the numbers.
        groups: (n,), a key for each of `images`: those with the same key, such as several of one
            object, are in one part. None: each image is on its own.
        folds: divide the images into this many folds and test on one of them, `fold`. None: divide
            by share.
        fold: which fold is the test part, from 0.
        name: what the set is called.
        batch_size: images per batch.
        resize: (height, width) for the model to resize to; recorded only. None: as stored.
        limit: use at most this many training images, classes in proportion. None: all.
        seed: random seed, 0 or more, for what is held out for validation or left out and for the
            training order.
        augmentation: random changes to training images, or None.
        balance: how to make up for classes of unequal size in training; see `nin.data.ImageData`.

    Attributes:
        notes: what a user should know about the arrays, one line each.

    Raises:
        DataError: arrays are empty or their shapes do not match, pixels are out of range or not
            finite, labels are invalid, or the division leaves a class or a part without images.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
        >>> y = np.array(["cat", "dog", "owl"] * 20)
        >>> data = nin.ImageArrays(x, y, groups=np.arange(60) // 3)
        >>> data.classes, data.parts, data.image_shape
        (('cat', 'dog', 'owl'), ('train', 'validation', 'test'), (8, 8, 1))
        >>> nin.ImageArrays(x, y, folds=5, fold=2).test.labels.shape
        (12,)
    """

    def __init__(
        self,
        images: Any,
        labels: Any,
        *,
        validation: float | tuple[Any, Any] = 0.1,
        test: float | tuple[Any, Any] = 0.1,
        classes: Sequence[Any] | None = None,
        groups: Any = None,
        folds: int | None = None,
        fold: int | None = None,
        name: str = "arrays",
        batch_size: int = 64,
        resize: tuple[int, int] | None = None,
        limit: int | None = None,
        seed: int = 0,
        augmentation: Augmentation | None = None,
        balance: Balance = "none",
    ) -> None:
        given: dict[Part, tuple[Any, Any]] = {"train": (images, labels)}
        shares = {"validation": 0.0, "test": 0.0}
        others: dict[Part, Any] = {"validation": validation, "test": test}
        for part, value in others.items():
            if isinstance(value, (int, float, np.number)):
                shares[part] = float(value)
                check_share(part, shares[part])
            else:
                given[part] = as_pair(value, part)
        check_share("validation and test together", sum(shares.values()))
        stored = as_given(given, classes, groups, name)._replace(test=shares["test"])
        self._open(
            stored,
            validation=shares["validation"],
            folds=folds,
            fold=fold,
            batch_size=batch_size,
            resize=resize,
            limit=limit,
            seed=seed,
            augmentation=augmentation,
            balance=balance,
        )

    @classmethod
    def from_npz(cls, path: str | Path, **settings: Any) -> Self:
        """Return the arrays in an ``.npz`` file; nothing in it is unpickled.

        Args:
            path: the file. Its arrays are called ``x_train``, ``y_train``, ``x_test``, ``y_test``
                (and ``x_val``, ``y_val``); ``train_images``, ``train_labels``, …; or ``images`` and
                ``labels``; there may be ``class_names`` and ``groups``.
            settings: arguments of the class, which override what the file holds; a share of the
                images is held out for a part only if the file does not have that part.

        Raises:
            DataError: the file cannot be read, or its arrays cannot be used.

        Example:
            >>> import numpy as np
            >>> x = np.zeros((20, 8, 8, 3), np.uint8)
            >>> np.savez("two.npz", images=x, labels=np.arange(20) % 2, class_names=["a", "b"])
            >>> nin.ImageArrays.from_npz("two.npz").classes
            ('a', 'b')
        """
        path = expand(path)
        found = read_npz(path)
        settings = {"name": path.stem, "classes": found.classes, **settings}
        if "train" not in found.parts:
            raise DataError(f"{path} holds no images to train on")
        images, labels, groups = found.parts["train"]
        settings.setdefault("groups", groups)
        for part in PARTS[1:]:
            is_given = isinstance(settings.get(part), (tuple, list))
            if part in found.parts and not is_given:
                settings[part] = found.parts[part][:2]
        try:
            made = cls(images, labels, **settings)
        except DataError as error:
            raise DataError(f"{path}: {error.args[0]}", *error.advice, about=error.about) from error
        made.source = str(path)
        return made

    @classmethod
    def for_evaluation(cls, pair: Sequence[Any], classes: Sequence[str] | None = None) -> Self:
        """Return images to evaluate on: all are one part, and classes may have no images.

        Args:
            pair: images and labels, as for the class.
            classes: names of all classes, in the order of their numbers. None: as for the class.
        """
        made = object.__new__(cls)
        made._open(as_given({"test": (pair[0], pair[1])}, classes, None, "arrays"), validation=0.0)
        return made

    def revised(self, **settings: Any) -> Self:
        """Return the same arrays with other settings: `validation`, `seed`, `batch_size`, ….

        Args:
            settings: arguments of the class, except arrays, classes, groups, the share of the test
                part and the name.
        """
        copy = object.__new__(type(self))
        copy._open(self._stored, **{**self.settings, **settings})
        copy.source = self.source
        return copy

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about the arrays, one line each."""
        return self._stored.notes

    @property
    def digest(self) -> str:
        """SHA-256 over everything that was given, however it is divided."""
        groups = self._stored.groups
        kept = None if groups is None else groups.tolist()
        return fingerprint((self.classes, self._stored.test, kept), self._stored.parts)

    def fingerprint(self) -> str:
        """Return a SHA-256 over the classes and every image and label in use."""
        return fingerprint(("arrays", self.classes), {p: self.split(p) for p in self.parts})

    def load(self, part: Part) -> Mapping[Part, Split]:
        """Return the images of every part."""
        everything = self._stored.parts
        found: dict[Part, Split] = {**everything}
        found.pop("train", None)
        for name, chosen in self._chosen.items():
            images, labels = everything["train"]
            if len(chosen) == len(labels):
                found[name] = everything["train"]
            else:
                found[name] = Split(np.asarray(images)[chosen], labels[chosen])
        return found

    def describe(self) -> dict[str, Any]:
        """Return a description of the set, with its number of groups and fold, ready for JSON."""
        found = super().describe()
        if self._stored.groups is not None:
            found["groups"] = int(self._stored.groups.max()) + 1
        if self.settings["folds"] is not None:
            found["fold"] = [self.settings["fold"] or 0, self.settings["folds"]]
        return found

    def _open(self, stored: GivenArrays, **settings: Any) -> None:
        usual: dict[str, Any] = {"validation": 0.1, "folds": None, "fold": None}
        settings = {**usual, **settings}
        own = {name: settings[name] for name in settings if name not in ("folds", "fold")}
        check_fold(settings["folds"], settings["fold"])
        sides = next(iter(stored.parts.values())).images.shape[1:]
        shape = (sides[0], sides[1], sides[2])
        if "validation" in stored.parts:
            own["validation"] = 0.0
        own["resize"] = own.get("resize") or shape[:2]
        super().__init__(stored.name, stored.classes, shape, **own)
        self._stored, self.settings = stored, settings
        self.hparams = {**settings}
        self.source = "arrays in memory"
        self._chosen = (
            divide_arrays(
                stored,
                validation=self.validation,
                limit=self.limit,
                seed=self.seed,
                folds=settings["folds"],
                fold=settings["fold"],
            )
            if "train" in stored.parts
            else {}
        )
        there = {*stored.parts, *self._chosen}
        self.parts = tuple(part for part in PARTS if part in there)
        self.has_own_parts = len(stored.parts) > 1 or "test" not in self.parts
