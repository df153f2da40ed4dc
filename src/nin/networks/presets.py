"""`PRESETS`: the published NiN networks as a table.

`book` is *Dive into Deep Learning*, section 8.3. `cifar10`, `cifar100`, `svhn` and `mnist` are
those of Lin, Chen and Yan (arXiv 1312.4400), with the sizes of the authors' own configuration
files; their pooling runs in ceil mode, which is ``padding="same"`` here. `imagenet` is the network
of the Caffe model zoo.

The `efficientnet-lite` presets are what the idea has become: EfficientNet (Tan and Le 2019, arXiv
1905.11946) without squeeze-and-excitation and with ReLU6, as Google published it in 2020 for small
devices. Most of its weights are 1×1 convolutions and it ends in a global average; here the last of
them makes one map per class, so that a map's mean is the class's logit. Their trunks have weights
trained on ImageNet, see `nin.pretrained`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nin.errors import UnknownNameError

#: Stands for the number of classes in `Stage.widths`.
CLASSES = 0


class Stage(NamedTuple):
    """One mlpconv block and what follows it.

    Attributes:
        widths: channels of the convolution and of its 1×1 convolutions; `CLASSES` for one per
            class.
        kernel_size: side of the first window, in pixels.
        strides: step of the first window, in pixels.
        padding: of the first window.
        pool: padding of the 3×3, stride-2 pooling that follows; None for no pooling.
        dropout: dropout rate after that.
        window: side of the convolutions after the first, 1 in every published network.
        last_relu: whether an activation follows the last convolution as well.
        batch_norm: whether batch normalisation follows each convolution, in place of its bias.
        activation: ``"relu"`` or ``"relu6"``.
        pooling: ``"max"`` or ``"average"``, the kind of that pooling.

    Example:
        >>> nin.PRESETS["book"].stages[0].widths
        (96, 96, 96)
        >>> nin.Stage((32, 32), 5, pool="same").strides
        1
    """

    widths: tuple[int, ...]
    kernel_size: int
    strides: int = 1
    padding: str = "same"
    pool: str | None = None
    dropout: float = 0.0
    window: int = 1
    last_relu: bool = True
    batch_norm: bool = False
    activation: str = "relu"
    pooling: str = "max"


class MBConv(NamedTuple):
    """Inverted residual blocks (Sandler et al. 2018, *MobileNetV2*, arXiv 1801.04381).

    Each is a 1×1 convolution to more channels, a depthwise convolution and a 1×1 convolution back
    to few, each with batch normalisation, the first two with ReLU6. Where size and channels stay,
    the block's input is added to its output.

    Attributes:
        channels: of the output.
        kernel_size: side of the depthwise window, in pixels.
        strides: step of the first block's window, in pixels; the others' is 1.
        expand: how many times the input's channels the depthwise convolution has; 1 leaves the
            first 1×1 convolution out.
        repeats: how many blocks.
    """

    channels: int
    kernel_size: int
    strides: int = 1
    expand: int = 6
    repeats: int = 1


class Preset(NamedTuple):
    """A published network: its stages, and the images and classes it was published for.

    Attributes:
        stages: its blocks, in order.
        input_shape: (height, width, channels).
        num_classes: number of logits.
        parameters: trainable parameters; moving averages are not counted.
        pretrained: whether `nin.pretrained` has weights for all stages but the last.
        smallest: side in pixels of the smallest image that it takes.
        has_maps: whether its logits are averages of class maps: all of these are.
    """

    stages: tuple[Stage | MBConv, ...]
    input_shape: tuple[int, int, int]
    num_classes: int
    parameters: int
    pretrained: bool = False
    smallest: int = 1
    has_maps: bool = True

    @property
    def layers(self) -> int:
        """How many layers its `net` has, which `Recipe.freeze` counts: the average is two."""
        return 2 + sum(
            stage.repeats
            if isinstance(stage, MBConv)
            else 1 + (stage.pool is not None) + (stage.dropout > 0)
            for stage in self.stages
        )


def _lite(side: int, parameters: int, widths: Sequence[int], repeats: Sequence[int]) -> Preset:
    """An EfficientNet-Lite; its stem, first block and head are the same in all of them."""
    kernels, strides = (3, 5, 3, 5, 5, 3), (2, 2, 2, 1, 2, 1)
    blocks = (
        MBConv(channels, kernel, step, repeats=count)
        for channels, kernel, step, count in zip(widths, kernels, strides, repeats, strict=True)
    )
    return Preset(
        stages=(
            Stage((32,), 3, 2, batch_norm=True, activation="relu6"),
            MBConv(16, 3, expand=1),
            *blocks,
            Stage((1280,), 1, batch_norm=True, activation="relu6", dropout=0.2),
            Stage((CLASSES,), 1, last_relu=False),
        ),
        input_shape=(side, side, 3),
        num_classes=1000,
        parameters=parameters,
        pretrained=True,
    )


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
        smallest=67,
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
        smallest=67,
    ),
    "efficientnet-lite0": _lite(224, 4_652_008, (24, 40, 80, 112, 192, 320), (2, 2, 3, 3, 4, 1)),
    "efficientnet-lite1": _lite(240, 5_416_680, (24, 40, 80, 112, 192, 320), (3, 3, 4, 4, 5, 1)),
    "efficientnet-lite2": _lite(260, 6_092_072, (24, 48, 88, 120, 208, 352), (3, 3, 4, 4, 5, 1)),
}


def find_preset(name: str) -> Preset:
    """The preset called `name`.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in PRESETS:
        raise UnknownNameError("preset", name, PRESETS)
    return PRESETS[name]


def deepened(stages: Sequence[Stage | MBConv], depth: int) -> tuple[Stage | MBConv, ...]:
    """`depth` blocks before each pooling but the first: as VGG grew from 11 to 16 to 19 layers.

    The added blocks have 3×3 windows and the width of the block they follow. An `MBConv` is
    repeated so many times as often; the first stage and the last, which makes the class maps, stay.
    """
    deep: list[Stage | MBConv] = []
    for number, stage in enumerate(stages):
        if isinstance(stage, MBConv):
            deep.append(stage._replace(repeats=stage.repeats * depth))
            continue
        more = depth - 1 if 0 < number < len(stages) - 1 else 0
        added = stage._replace(widths=(stage.widths[-1], *stage.widths[1:]), kernel_size=3)
        chain = [stage, *[added._replace(strides=1, padding="same")] * more]
        deep += [one._replace(pool=None, dropout=0.0) for one in chain[:-1]]
        deep.append(chain[-1])
    return tuple(deep)


def with_ingredients(
    stages: Sequence[Stage | MBConv], *, batch_norm: bool = False, pooling: str | None = None
) -> tuple[Stage | MBConv, ...]:
    """A table of stages in which every convolution is normalised, or all pooling is of one kind.

    Args:
        stages: the rows.
        batch_norm: whether batch normalisation follows each convolution, in place of its bias. Not
            those that make class maps: a map's mean is its class's logit, which normalisation would
            make the same for all classes. A stage that ends in class maps is divided before them.
        pooling: ``"max"`` or ``"average"``; None leaves each stage's own.

    Returns:
        The changed table; a row may have become two. An `MBConv` is normalised as it is.
    """
    rows: list[Stage | MBConv] = []
    for row in stages:
        if isinstance(row, Stage) and pooling is not None:
            row = row._replace(pooling=pooling)
        rows += _normalized(row) if batch_norm and isinstance(row, Stage) else [row]
    return tuple(rows)


def _normalized(stage: Stage) -> list[Stage]:
    if CLASSES not in stage.widths:
        return [stage._replace(batch_norm=True)]
    features = stage.widths[: stage.widths.index(CLASSES)]
    if not features:
        return [stage]
    before = stage._replace(
        widths=features, batch_norm=True, last_relu=True, pool=None, dropout=0.0
    )
    maps = stage._replace(
        widths=stage.widths[len(features) :], kernel_size=stage.window, strides=1, padding="same"
    )
    return [before, maps]
