"""`RIVALS`: the book's other networks, as a table."""

from __future__ import annotations

from typing import Any, NamedTuple

#: (number of convolutions, channels) of each block of VGG-11.
VGG11 = ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512))
#: VGG-11 at a quarter of its width, which is what the book trains.
VGG11_QUARTER = ((1, 16), (1, 32), (2, 64), (2, 128), (2, 128))


class Rival(NamedTuple):
    """One of the book's other networks, for ten classes.

    Attributes:
        net: name of its class.
        arguments: arguments of the class besides the number of classes.
        input_shape: (height, width, channels) that it was published for.
        parameters: trainable parameters, at that shape.
        learning_rate: learning rate for AdamW, the best of those tried in ``results/compare.json``.
        layers: number of layers of its `net`, which `Recipe.freeze` counts.
        smallest: side in pixels of the smallest image that it takes.
        has_maps: whether its logits are averages of class maps, so that it takes any image size.
        num_classes: number of logits.
        pretrained: whether `nin.pretrained` has weights for it; it has none.
    """

    net: str
    arguments: dict[str, Any]
    input_shape: tuple[int, int, int]
    parameters: int
    learning_rate: float
    layers: int
    smallest: int = 1
    has_maps: bool = True
    num_classes: int = 10
    pretrained: bool = False


_BOOK = (224, 224, 1)

#: The networks that NiN is compared with.
RIVALS = {
    "lenet": Rival("LeNet", {}, (28, 28, 1), 61_706, 0.009, 8, smallest=12, has_maps=False),
    "alexnet": Rival("AlexNet", {}, _BOOK, 46_764_746, 0.001, 14, smallest=67, has_maps=False),
    "vgg11": Rival(
        "VGG", {"arch": VGG11}, _BOOK, 128_806_154, 0.0003, 11, smallest=32, has_maps=False
    ),
    "vgg11-quarter": Rival(
        "VGG", {"arch": VGG11_QUARTER}, _BOOK, 43_093_322, 0.001, 11, smallest=32, has_maps=False
    ),
    "googlenet": Rival("GoogLeNet", {}, _BOOK, 5_977_530, 0.0003, 18),
    "resnet18": Rival("ResNet18", {}, _BOOK, 11_178_378, 0.0003, 22),
    "densenet": Rival("DenseNet", {}, _BOOK, 758_226, 0.001, 36, smallest=29),
}
