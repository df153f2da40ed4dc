"""Where labelled images come from: published sets, folders of pictures, the book's `DataModule`.

Everything is loaded when first used, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nin._lazy import attach

if TYPE_CHECKING:
    from nin.data.augmentation import Augmentation
    from nin.data.cifar import CIFAR10, CIFAR100
    from nin.data.datamodule import DataModule
    from nin.data.digits import Digits
    from nin.data.folder import ImageFolder
    from nin.data.images import ImageData
    from nin.data.loader import Batches
    from nin.data.mnist import MNIST, FashionMNIST
    from nin.data.pictures import Pictures
    from nin.data.registry import NAMED, CatalogueEntry, catalogue, open_data
    from nin.data.shard import Shard
    from nin.data.split import Split
    from nin.data.streaming import StreamedBatches, batches, reading_ahead

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "MNIST",
    "NAMED",
    "Augmentation",
    "Batches",
    "CatalogueEntry",
    "DataModule",
    "Digits",
    "FashionMNIST",
    "ImageData",
    "ImageFolder",
    "Pictures",
    "Shard",
    "Split",
    "StreamedBatches",
    "batches",
    "catalogue",
    "open_data",
    "reading_ahead",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "nin.data.augmentation": ("Augmentation",),
        "nin.data.datamodule": ("DataModule",),
        "nin.data.folder": ("ImageFolder",),
        "nin.data.images": ("ImageData",),
        "nin.data.loader": ("Batches",),
        "nin.data.cifar": ("CIFAR10", "CIFAR100"),
        "nin.data.digits": ("Digits",),
        "nin.data.mnist": ("MNIST", "FashionMNIST"),
        "nin.data.pictures": ("Pictures",),
        "nin.data.shard": ("Shard",),
        "nin.data.registry": ("NAMED", "CatalogueEntry", "catalogue", "open_data"),
        "nin.data.split": ("Split",),
        "nin.data.streaming": ("StreamedBatches", "batches", "reading_ahead"),
    },
)
