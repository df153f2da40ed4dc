"""Networks by name, at the image sizes they were published for."""

from __future__ import annotations

from typing import Any

from nin.errors import NinError
from nin.models.alexnet import AlexNet
from nin.models.classifier import Classifier
from nin.models.custom_network import make_custom
from nin.models.densenet import DenseNet
from nin.models.googlenet import GoogLeNet
from nin.models.lenet import LeNet
from nin.models.nin import NiN
from nin.models.resnet import ResNet18
from nin.models.vgg import VGG
from nin.networks.lookup import class_and_arguments, find_network
from nin.networks.network_source import is_custom

#: Every class of network.
NETS: dict[str, type[Classifier]] = {
    kind.__name__: kind for kind in (NiN, LeNet, AlexNet, VGG, GoogLeNet, ResNet18, DenseNet)
}


def make_net(
    net: str,
    num_classes: int,
    input_shape: tuple[int, int, int] | None = None,
    **arguments: Any,
) -> Classifier:
    """A network, not yet built.

    Args:
        net: its class, one of `NETS`, or the name of a custom network.
        num_classes: number of logits.
        input_shape: (height, width, channels) that its first layer takes, for a custom network.
        arguments: further arguments of its class.

    Raises:
        NinError: a custom network cannot be made; states why.
    """
    if is_custom(net):
        return make_custom(net, num_classes, input_shape)
    kind: Any = NETS[net]
    model: Classifier = kind(num_classes=num_classes, **arguments)
    return model


def named_net(
    name: str,
    num_classes: int | None = None,
    input_shape: tuple[int, int, int] | None = None,
) -> tuple[Classifier, tuple[int, int, int]]:
    """A network, not yet built, and the (height, width, channels) of its images.

    Args:
        name: see `nin.networks.lookup.class_and_arguments`.
        num_classes: number of classes; by default as published.
        input_shape: shape of the images; by default as published.

    Raises:
        UnknownNameError: there is no such network.
        NinError: fewer than two classes, or a custom network without `input_shape`.
    """
    if num_classes is not None and num_classes < 2:
        raise NinError(f"a classifier needs two classes or more, not {num_classes}")
    published, (net, arguments) = find_network(name), class_and_arguments(name)
    shape = input_shape or published.input_shape
    if shape is None:
        raise NinError(f"{name}: give input_shape, (height, width, channels) of its images")
    model = make_net(net, num_classes or published.num_classes, shape, **arguments)
    return model, shape
