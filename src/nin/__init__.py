"""Network-in-Network image classifiers that learn every time.

The reader of *Dive into Deep Learning* writes ``import nin as d2l`` and runs the chapter's cells.
Every name here is loaded when it is first used: ``import nin`` imports no framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nin import _keras
from nin._lazy import attach
from nin._version import __version__ as __version__

if TYPE_CHECKING:
    from nin.accounting import count_cost, walk
    from nin.backends import num_gpus, try_gpu
    from nin.data import (
        CIFAR10,
        CIFAR100,
        MNIST,
        Augmentation,
        DataModule,
        Digits,
        FashionMNIST,
        ImageFolder,
        open_data,
    )
    from nin.errors import NinError
    from nin.exporting import Predictor, export
    from nin.hyperparameters import HyperParameters
    from nin.maps import show_maps
    from nin.models import (
        PRESETS,
        VGG,
        AlexNet,
        Classifier,
        DenseNet,
        GoogLeNet,
        LeNet,
        Module,
        NiN,
        ResNet18,
        Stage,
        mlpconv,
        nin_block,
    )
    from nin.study import (
        EXERCISES,
        Comparison,
        Contender,
        compare,
        exercise_contenders,
    )
    from nin.training import (
        RECIPES,
        ProgressBoard,
        Recipe,
        Run,
        Trainer,
        evaluate,
        load,
        resume,
        start,
        train,
    )

_HOME = {
    "nin.accounting": ("count_cost", "walk"),
    "nin.backends": ("num_gpus", "try_gpu"),
    "nin.data": (
        "CIFAR10",
        "CIFAR100",
        "MNIST",
        "Augmentation",
        "DataModule",
        "Digits",
        "FashionMNIST",
        "ImageFolder",
        "open_data",
    ),
    "nin.errors": ("NinError",),
    "nin.hyperparameters": ("HyperParameters",),
    "nin.maps": ("show_maps",),
    "nin.models": (
        "PRESETS",
        "VGG",
        "AlexNet",
        "Classifier",
        "DenseNet",
        "GoogLeNet",
        "LeNet",
        "Module",
        "NiN",
        "ResNet18",
        "Stage",
        "mlpconv",
        "nin_block",
    ),
    "nin.exporting": ("Predictor", "export"),
    "nin.study": (
        "EXERCISES",
        "Comparison",
        "Contender",
        "compare",
        "exercise_contenders",
    ),
    "nin.training": (
        "RECIPES",
        "ProgressBoard",
        "Recipe",
        "Run",
        "Trainer",
        "evaluate",
        "load",
        "resume",
        "start",
        "train",
    ),
}

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "EXERCISES",
    "MNIST",
    "PRESETS",
    "RECIPES",
    "VGG",
    "AlexNet",
    "Augmentation",
    "Classifier",
    "Comparison",
    "Contender",
    "DataModule",
    "DenseNet",
    "Digits",
    "FashionMNIST",
    "GoogLeNet",
    "HyperParameters",
    "ImageFolder",
    "LeNet",
    "Module",
    "NiN",
    "NinError",
    "Predictor",
    "ProgressBoard",
    "Recipe",
    "ResNet18",
    "Run",
    "Stage",
    "Trainer",
    "compare",
    "count_cost",
    "evaluate",
    "exercise_contenders",
    "export",
    "load",
    "mlpconv",
    "nin_block",
    "num_gpus",
    "open_data",
    "resume",
    "show_maps",
    "start",
    "train",
    "try_gpu",
    "walk",
]


__getattr__, _names = attach(__name__, _HOME)


def __dir__() -> list[str]:
    return [*_names(), "__version__"]


_keras.watch()
