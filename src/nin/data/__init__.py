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
    from nin.data.pictures import Pictures
    from nin.data.share import Share
    from nin.data.shelf import NAMED, Row, catalogue, open_data
    from nin.data.streaming import StreamedBatches, batches, reading_ahead

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
    "Pictures",
    "Row",
    "Share",
    "Split",
    "StreamedBatches",
    "batches",
    "catalogue",
    "open_data",
    "reading_ahead",
]

_HOME = {
    "augmentation": ("Augmentation",),
    "datamodule": ("DataModule",),
    "folder": ("ImageFolder",),
    "images": ("ImageData", "Split"),
    "loader": ("Batches",),
    "named": ("CIFAR10", "CIFAR100", "MNIST", "Digits", "FashionMNIST"),
    "pictures": ("Pictures",),
    "share": ("Share",),
    "shelf": ("NAMED", "Row", "catalogue", "open_data"),
    "streaming": ("StreamedBatches", "batches", "reading_ahead"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            return getattr(importlib.import_module(f"nin.data.{module}"), name)
    raise AttributeError(f"module 'nin.data' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
