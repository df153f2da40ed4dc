"""Networks by name, at the image sizes they were published for."""

from __future__ import annotations

from typing import Any

from nin.errors import NinError
from nin.models.alexnet import AlexNet
from nin.models.classifier import Classifier
from nin.models.densenet import DenseNet
from nin.models.googlenet import GoogLeNet
from nin.models.lenet import LeNet
from nin.models.nin import NiN
from nin.models.resnet import ResNet18
from nin.models.vgg import VGG
from nin.rivals import find_net, find_network

#: Every class of network.
NETS: dict[str, type[Classifier]] = {
    kind.__name__: kind for kind in (NiN, LeNet, AlexNet, VGG, GoogLeNet, ResNet18, DenseNet)
}


def make_net(net: str, num_classes: int, **arguments: Any) -> Classifier:
    """A network of the class called `net`, one of `NETS`; not yet built."""
    kind: Any = NETS[net]
    model: Classifier = kind(num_classes=num_classes, **arguments)
    return model


def named_net(name: str, num_classes: int | None = None) -> tuple[Classifier, tuple[int, int, int]]:
    """A network, not yet built, and the (height, width, channels) it was published for.

    Args:
        name: see `nin.rivals.find_net`.
        num_classes: by default as it was published.

    Raises:
        UnknownNameError: there is no such network.
        NinError: fewer than two classes.
    """
    if num_classes is not None and num_classes < 2:
        raise NinError(f"a classifier needs two classes or more, not {num_classes}")
    published, (net, arguments) = find_network(name), find_net(name)
    return make_net(net, num_classes or published.num_classes, **arguments), published.input_shape
