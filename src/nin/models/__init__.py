"""What a network is: blocks, NiN from a table of stages, and the nets it is compared with."""

from nin import backends

backends.choose()

from nin.models.alexnet import AlexNet  # noqa: E402
from nin.models.blocks import mlpconv, nin_block  # noqa: E402
from nin.models.classifier import Classifier  # noqa: E402
from nin.models.cost import Step, count_parameters, walk  # noqa: E402
from nin.models.description import describe, rebuild  # noqa: E402
from nin.models.lenet import LeNet  # noqa: E402
from nin.models.module import Module  # noqa: E402
from nin.models.nin import NiN  # noqa: E402
from nin.models.preprocessing import Preprocessing  # noqa: E402
from nin.models.presets import PRESETS, Preset, Stage  # noqa: E402
from nin.models.vgg import VGG, VGG11, VGG11_QUARTER  # noqa: E402
from nin.models.zoo import RIVALS, named_net  # noqa: E402

__all__ = [
    "PRESETS",
    "RIVALS",
    "VGG",
    "VGG11",
    "VGG11_QUARTER",
    "AlexNet",
    "Classifier",
    "LeNet",
    "Module",
    "NiN",
    "Preprocessing",
    "Preset",
    "Stage",
    "Step",
    "count_parameters",
    "describe",
    "mlpconv",
    "named_net",
    "nin_block",
    "rebuild",
    "walk",
]
