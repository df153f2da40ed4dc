"""Networks by name, at the image sizes they were published for."""

from __future__ import annotations

from typing import Any, NamedTuple

from nin.errors import NinError, UnknownNameError
from nin.models.alexnet import AlexNet
from nin.models.classifier import Classifier
from nin.models.densenet import DenseNet
from nin.models.googlenet import GoogLeNet
from nin.models.lenet import LeNet
from nin.models.nin import NiN
from nin.models.resnet import ResNet18
from nin.models.vgg import VGG, VGG11, VGG11_QUARTER
from nin.presets import PRESETS

#: Every class of network.
NETS: dict[str, type[Classifier]] = {
    kind.__name__: kind for kind in (NiN, LeNet, AlexNet, VGG, GoogLeNet, ResNet18, DenseNet)
}


class Rival(NamedTuple):
    """One of the book's other networks, for ten classes.

    Attributes:
        net: its class, by name.
        arguments: beside the number of classes.
        input_shape: (height, width, channels) that it was published for.
        parameters: trainable ones, at that shape.
    """

    net: str
    arguments: dict[str, Any]
    input_shape: tuple[int, int, int]
    parameters: int


#: The networks that NiN is compared with.
RIVALS = {
    "lenet": Rival("LeNet", {}, (28, 28, 1), 61_706),
    "alexnet": Rival("AlexNet", {}, (224, 224, 1), 46_764_746),
    "vgg11": Rival("VGG", {"arch": VGG11}, (224, 224, 1), 128_806_154),
    "vgg11-quarter": Rival("VGG", {"arch": VGG11_QUARTER}, (224, 224, 1), 43_093_322),
    "googlenet": Rival("GoogLeNet", {}, (224, 224, 1), 5_977_530),
    "resnet18": Rival("ResNet18", {}, (224, 224, 1), 11_178_378),
    "densenet": Rival("DenseNet", {}, (224, 224, 1), 758_226),
}


def find_net(name: str) -> tuple[str, dict[str, Any]]:
    """The class of network, by name, and its arguments, that `name` stands for.

    Args:
        name: a preset of NiN, `nin` for the book's, or one of `RIVALS`.

    Raises:
        UnknownNameError: there is no such network.
    """
    if name in RIVALS:
        return RIVALS[name].net, dict(RIVALS[name].arguments)
    if name == "nin" or name in PRESETS:
        return "NiN", {"preset": "book" if name == "nin" else name}
    raise UnknownNameError("network", name, ["nin", *PRESETS, *RIVALS])


def make_net(net: str, num_classes: int, **arguments: Any) -> Classifier:
    """A network of the class called `net`, one of `NETS`; not yet built."""
    kind: Any = NETS[net]
    model: Classifier = kind(num_classes=num_classes, **arguments)
    return model


def named_net(name: str, num_classes: int | None = None) -> tuple[Classifier, tuple[int, int, int]]:
    """A network, not yet built, and the (height, width, channels) it was published for.

    Args:
        name: see `find_net`.
        num_classes: by default as it was published.

    Raises:
        UnknownNameError: there is no such network.
        NinError: fewer than two classes.
    """
    if num_classes is not None and num_classes < 2:
        raise NinError(f"a classifier needs two classes or more, not {num_classes}")
    net, arguments = find_net(name)
    published = RIVALS.get(name) or PRESETS[arguments["preset"]]
    classes = num_classes or int(getattr(published, "num_classes", 10))
    return make_net(net, classes, **arguments), published.input_shape
