"""Where labelled images come from: published sets, folders of pictures, the book's `DataModule`.

Everything is loaded when first used, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nin.data.augmentation import Augmentation
    from nin.data.datamodule import DataModule
    from nin.data.folder import ImageFolder
    from nin.data.images import ImageData, Split
    from nin.data.loader import Batches
    from nin.data.named import CIFAR10, CIFAR100, MNIST, Digits, FashionMNIST
    from nin.data.shelf import NAMED, Row, catalogue, open_data

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "MNIST",
    "NAMED",
    "Augmentation",
    "Batches",
    "DataModule",
    "Digits",
    "FashionMNIST",
    "ImageData",
    "ImageFolder",
    "Row",
    "Split",
    "catalogue",
    "open_data",
]

_HOME = {
    "augmentation": ("Augmentation",),
    "datamodule": ("DataModule",),
    "folder": ("ImageFolder",),
    "images": ("ImageData", "Split"),
    "loader": ("Batches",),
    "named": ("CIFAR10", "CIFAR100", "MNIST", "Digits", "FashionMNIST"),
    "shelf": ("NAMED", "Row", "catalogue", "open_data"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            return getattr(importlib.import_module(f"nin.data.{module}"), name)
    raise AttributeError(f"module 'nin.data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
