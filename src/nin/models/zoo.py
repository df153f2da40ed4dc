"""Every network by its name, at the image size it was published for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nin.errors import NinError, UnknownNameError
from nin.models.alexnet import AlexNet
from nin.models.classifier import Classifier
from nin.models.lenet import LeNet
from nin.models.nin import NiN
from nin.models.presets import PRESETS
from nin.models.vgg import VGG, VGG11, VGG11_QUARTER


class _Rival(NamedTuple):
    make: Callable[[int], Classifier]
    input_shape: tuple[int, int, int]
    parameters: int


#: The networks that NiN is compared with, ten classes, as the book defines them.
RIVALS = {
    "lenet": _Rival(lambda n: LeNet(num_classes=n), (28, 28, 1), 61_706),
    "alexnet": _Rival(lambda n: AlexNet(num_classes=n), (224, 224, 1), 46_764_746),
    "vgg11": _Rival(lambda n: VGG(VGG11, num_classes=n), (224, 224, 1), 128_806_154),
    "vgg11-quarter": _Rival(lambda n: VGG(VGG11_QUARTER, num_classes=n), (224, 224, 1), 43_093_322),
}


def named_net(name: str, num_classes: int | None = None) -> tuple[Classifier, tuple[int, int, int]]:
    """A network, not yet built, and the (height, width, channels) it was published for.

    Args:
        name: a preset of NiN, or `lenet`, `alexnet`, `vgg11`, `vgg11-quarter`.
        num_classes: by default as it was published.

    Raises:
        UnknownNameError: there is no such network.
        NinError: fewer than two classes.
    """
    if num_classes is not None and num_classes < 2:
        raise NinError(f"a classifier needs two classes or more, not {num_classes}")
    if name in RIVALS:
        rival = RIVALS[name]
        return rival.make(num_classes or 10), rival.input_shape
    if name in PRESETS:
        published = PRESETS[name]
        model = NiN(num_classes=num_classes or published.num_classes, preset=name)
        return model, published.input_shape
    raise UnknownNameError("network", name, [*PRESETS, *RIVALS])
