"""A network as plain JSON values, and back: no code travels, only names from a closed table."""

from __future__ import annotations

from typing import Any

from nin.errors import NinError, RunError
from nin.models.alexnet import AlexNet
from nin.models.classifier import Classifier
from nin.models.cost import count_parameters
from nin.models.lenet import LeNet
from nin.models.nin import NiN
from nin.models.vgg import VGG

#: Every network that a description can name.
NETS: dict[str, type[Classifier]] = {"NiN": NiN, "LeNet": LeNet, "AlexNet": AlexNet, "VGG": VGG}


def describe(model: Classifier, input_shape: tuple[int, int, int]) -> dict[str, Any]:
    """What `rebuild` needs to make the same network again, weights apart.

    Args:
        model: one of the networks of this package.
        input_shape: (height, width, channels) of the images as they are stored.
    """
    arguments = {**model.get_config()}
    preprocessing = arguments.pop("preprocessing")
    return {
        "net": type(model).__name__,
        "arguments": arguments,
        "input_shape": list(input_shape),
        "preprocessing": preprocessing,
    }


def rebuild(description: Any, parameters: int) -> Classifier:
    """The network that `describe` described, built, with fresh weights.

    Args:
        description: what `describe` gave; it may come from a stranger.
        parameters: how many weights the network is to have. A network of another size is refused
            before any memory is taken for it.

    Raises:
        RunError: the description is damaged, names an unknown network, or does not fit
            `parameters`.
    """
    try:
        net = NETS[description["net"]]
        config = {**description["arguments"], "preprocessing": description["preprocessing"]}
        model = net.from_config(config)
        shape = tuple(int(size) for size in description["input_shape"])
        height, width = model.preprocessing.size or shape[:2]
        described = count_parameters(model.net, (height, width, shape[2]))
    except (NinError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise RunError(f"the network's description is damaged: {error!r}") from error
    if described != parameters:
        raise RunError(
            f"the network that is described has {described:,} weights, not {parameters:,}"
        )
    model.build((None, *shape))
    return model
