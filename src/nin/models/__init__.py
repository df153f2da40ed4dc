"""What a network is: blocks, NiN from a table of stages, and the nets it is compared with."""

from nin import backends

backends.choose()

from nin.models.alexnet import AlexNet  # noqa: E402
from nin.models.classifier import Classifier  # noqa: E402
from nin.models.densenet import DenseNet  # noqa: E402
from nin.models.googlenet import GoogLeNet  # noqa: E402
from nin.models.lenet import LeNet  # noqa: E402
from nin.models.module import Module  # noqa: E402
from nin.models.nin import NiN, mlpconv, nin_block  # noqa: E402
from nin.models.preprocessing import Preprocessing  # noqa: E402
from nin.models.resnet import ResNet18  # noqa: E402
from nin.models.vgg import VGG, VGG11, VGG11_QUARTER  # noqa: E402
from nin.models.zoo import NETS, RIVALS, find_net, make_net, named_net  # noqa: E402
from nin.presets import (  # noqa: E402
    PRESETS,
    MBConv,
    Preset,
    Stage,
)

__all__ = [
    "NETS",
    "PRESETS",
    "RIVALS",
    "VGG",
    "VGG11",
    "VGG11_QUARTER",
    "AlexNet",
    "Classifier",
    "DenseNet",
    "GoogLeNet",
    "LeNet",
    "MBConv",
    "Module",
    "NiN",
    "Preprocessing",
    "Preset",
    "ResNet18",
    "Stage",
    "find_net",
    "make_net",
    "mlpconv",
    "named_net",
    "nin_block",
]
