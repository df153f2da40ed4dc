"""The published NiN networks, as one literal table.

`book` is *Dive into Deep Learning*, section 8.3. `cifar10`, `cifar100`, `svhn` and `mnist` are
those of Lin, Chen and Yan (arXiv 1312.4400), with the sizes of the authors' own configuration
files; their pooling runs in ceil mode, which is ``padding="same"`` here. `imagenet` is the network
of the Caffe model zoo.
"""

from __future__ import annotations

from typing import NamedTuple

from nin.errors import UnknownNameError

#: Stands for the number of classes in `Stage.widths`.
CLASSES = 0


class Stage(NamedTuple):
    """One mlpconv block and what follows it.

    Attributes:
        widths: channels of the convolution and of its 1×1 convolutions; `CLASSES` where it is one
            a class.
        kernel_size: side of the first window, in pixels.
        strides: step of the first window, in pixels.
        padding: of the first window.
        pool: padding of the 3×3, stride-2 max pooling that follows; None for no pooling.
        dropout: share of values dropped after that.
        window: side of the convolutions after the first, 1 in every published network.
        last_relu: whether a ReLU follows the last convolution as well.
    """

    widths: tuple[int, ...]
    kernel_size: int
    strides: int = 1
    padding: str = "same"
    pool: str | None = None
    dropout: float = 0.0
    window: int = 1
    last_relu: bool = True


class Preset(NamedTuple):
    """A network: its stages, and the images and classes it was published for."""

    stages: tuple[Stage, ...]
    input_shape: tuple[int, int, int]
    num_classes: int
    parameters: int


PRESETS: dict[str, Preset] = {
    "book": Preset(
        stages=(
            Stage((96, 96, 96), 11, 4, "valid", pool="valid"),
            Stage((256, 256, 256), 5, pool="valid"),
            Stage((384, 384, 384), 3, pool="valid", dropout=0.5),
            Stage((CLASSES, CLASSES, CLASSES), 3),
        ),
        input_shape=(224, 224, 1),
        num_classes=10,
        parameters=1_992_166,
    ),
    "cifar10": Preset(
        stages=(
            Stage((192, 160, 96), 5, pool="same", dropout=0.5),
            Stage((192, 192, 192), 5, pool="same", dropout=0.5),
            Stage((192, 192, CLASSES), 3),
        ),
        input_shape=(32, 32, 3),
        num_classes=10,
        parameters=966_986,
    ),
    "cifar100": Preset(
        stages=(
            Stage((192, 160, 96), 5, pool="same", dropout=0.5),
            Stage((192, 192, 192), 5, pool="same", dropout=0.5),
            Stage((192, 192, CLASSES), 3),
        ),
        input_shape=(32, 32, 3),
        num_classes=100,
        parameters=984_356,
    ),
    "svhn": Preset(
        stages=(
            Stage((128, 96, 64), 5, pool="same", dropout=0.5),
            Stage((320, 256, 128), 5, pool="same", dropout=0.5),
            Stage((384, 256, CLASSES), 5),
        ),
        input_shape=(32, 32, 3),
        num_classes=10,
        parameters=1_986_026,
    ),
    "mnist": Preset(
        stages=(
            Stage((96, 64, 48), 5, pool="same", dropout=0.5),
            Stage((128, 96, 48), 5, pool="same", dropout=0.5),
            Stage((128, 96, CLASSES), 5),
        ),
        input_shape=(28, 28, 1),
        num_classes=10,
        parameters=349_674,
    ),
    "imagenet": Preset(
        stages=(
            Stage((96, 96, 96), 11, 4, "valid", pool="valid"),
            Stage((256, 256, 256), 5, pool="valid"),
            Stage((384, 384, 384), 3, pool="valid", dropout=0.5),
            Stage((1024, 1024, CLASSES), 3),
        ),
        input_shape=(224, 224, 3),
        num_classes=1000,
        parameters=7_595_176,
    ),
}


def find_preset(name: str) -> Preset:
    """The preset called `name`.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in PRESETS:
        raise UnknownNameError("preset", name, PRESETS)
    return PRESETS[name]
