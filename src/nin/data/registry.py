"""Data sets by name: which ones exist, which are on this machine, and how to open one."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, NamedTuple

from nin.data.cifar import CIFAR10, CIFAR100
from nin.data.download import Source, locate
from nin.data.image_folder import ImageFolder
from nin.data.images import ImageData
from nin.data.in_memory.array_images import ImageArrays
from nin.data.in_memory.npz_file import is_npz
from nin.data.mnist import MNIST, FashionMNIST
from nin.data.named import NamedData
from nin.data.shards.shard_files import is_pattern
from nin.data.sklearn_digits import Digits
from nin.data.sources import images_called, is_in_process
from nin.data.storage.url_path import source_path
from nin.data.svhn import SVHN
from nin.errors import DataError, UnknownNameError

NAMED: dict[str, type[NamedData]] = {
    each.published.name: each for each in (FashionMNIST, MNIST, CIFAR10, CIFAR100, SVHN, Digits)
}


class CatalogueEntry(NamedTuple):
    """A published data set.

    Attributes:
        name: the name to pass to `open_data`.
        classes: number of classes.
        train: number of training images.
        test: number of test images.
        size: height, width and channels, as ``"28x28x1"``.
        where: the folder of its files, or None if they are not on this machine; ``"scikit-learn"``
            for the set that comes with it.
        licence: the terms of its use.
        home: its page.
    """

    name: str
    classes: int
    train: int
    test: int
    size: str
    where: str | None
    licence: str
    home: str


def catalogue() -> list[CatalogueEntry]:
    """Return the published sets and where their files are; nothing is opened or downloaded."""
    return [_row(each.published) for each in NAMED.values()]


def is_grey(name: str) -> bool:
    """Whether a name is that of a published data set in grey; False for everything else."""
    return name in NAMED and NAMED[name].published.shape[-1] == 1


def open_data(name_or_folder: str | Path, **settings: Any) -> ImageData:
    """Open a published data set by its name, the pictures in a directory, or an ``.npz`` file.

    A name wins over a directory of that name: write ``./digits`` or ``Path("digits")`` for the
    directory.

    Args:
        name_or_folder: ``"fashion-mnist"``, ``"mnist"``, ``"cifar10"``, ``"cifar100"``,
            ``"svhn"``, ``"digits"``; a directory with one directory per class, a table of labels
            or shards, as for `ImageFolder`; or a file of arrays, as for `ImageArrays.from_npz`.
        settings: arguments of the set's class, such as ``batch_size`` or ``limit``.

    Raises:
        UnknownNameError: neither a name nor a directory.
        DataError: a path that does not exist, or an argument that the set does not take.

    Example:
        >>> nin.open_data("digits", limit=100).train.labels.shape
        (100,)
    """
    name = str(name_or_folder)
    if name in NAMED and not isinstance(name_or_folder, Path):
        _check_settings(NAMED[name], settings)
        return NAMED[name](**settings)
    if is_in_process(name):
        return images_called(name).revised(**settings)
    path = source_path(name_or_folder)
    if is_npz(path) and not path.is_dir():
        _check_settings(ImageArrays, settings)
        return ImageArrays.from_npz(path, **settings)
    is_path = _may_exist(path) or isinstance(name_or_folder, Path) or len(path.parts) != 1
    if is_path or is_pattern(path):
        _check_settings(ImageFolder, settings)
        return ImageFolder(path, **settings)
    raise UnknownNameError("data set or folder", name, NAMED)


def _may_exist(path: Path) -> bool:
    """Whether something is at a path, or cannot be looked at, which is reported when it is read."""
    try:
        return path.exists()
    except OSError:
        return True


def _row(source: Source) -> CatalogueEntry:
    size = "x".join(map(str, source.shape))
    counts = (len(source.classes), source.train, source.test)
    return CatalogueEntry(source.name, *counts, size, _where(source), source.licence, source.home)


def _where(source: Source) -> str | None:
    if not source.files:
        return "scikit-learn"
    paths = [locate(source, file) for file in source.files]
    return str(paths[0].parent) if all(paths) and paths[0] else None


def _check_settings(kind: type[ImageData], settings: dict[str, Any]) -> None:
    takes = [name for name in inspect.signature(kind).parameters if name != "path"]
    if odd := sorted(settings.keys() - set(takes)):
        raise DataError(f"{kind.__name__} takes no {odd[0]}: it takes {', '.join(takes)}")
