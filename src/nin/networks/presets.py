"""`PRESETS`: the published NiN networks as a table.

`book` is *Dive into Deep Learning*, section 8.3. `cifar10`, `cifar100`, `svhn` and `mnist` are
those of Lin, Chen and Yan (arXiv 1312.4400), with the sizes of the authors' own configuration
files; their pooling runs in ceil mode, which is ``padding="same"`` here. `imagenet` is the network
of the Caffe model zoo. `deep` is not published: six blocks of a 3×3 and a 1×1 convolution with
batch normalisation, with about as many parameters as `cifar10` (``benchmarks/best_nin.py``).

The `efficientnet-lite` presets show what the idea has become: EfficientNet (Tan and Le 2019, arXiv
1905.11946) without squeeze-and-excitation and with ReLU6, as Google published it in 2020 for small
devices. Most of its weights are in 1×1 convolutions, and it ends in a global average; here the last
convolution makes one map per class, so that a map's mean is the class's logit. The trunks have
weights trained on ImageNet; see `nin.pretrained`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from nin.errors import UnknownNameError
from nin.networks.stages import CLASSES, MBConv, Stage


class Preset(NamedTuple):
    """A published network: its stages, and the images and classes it was published for.

    Attributes:
        stages: its blocks, in order.
        input_shape: (height, width, channels).
        num_classes: number of logits.
        parameters: trainable parameters; moving averages are not counted.
        pretrained: whether `nin.pretrained` has weights for all stages but the last.
        smallest: side in pixels of the smallest image that it takes.
        has_maps: whether its logits are averages of class maps, as in all presets.
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
        """Number of layers of its `net`, which `Recipe.freeze` counts: the average is two."""
        return 2 + sum(
            stage.repeats
            if isinstance(stage, MBConv)
            else 1 + (stage.pool is not None) + (stage.dropout > 0)
            for stage in self.stages
        )


def _lite(side: int, parameters: int, widths: Sequence[int], repeats: Sequence[int]) -> Preset:
    """An EfficientNet-Lite; all of them have the same stem, first block and head."""
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


def _normalized(widths: tuple[int, ...], **other: Any) -> Stage:
    """An mlpconv block with a window of 3×3 and batch normalisation."""
    return Stage(widths, 3, batch_norm=True, **other)


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
    "deep": Preset(
        stages=(
            _normalized((64, 64)),
            _normalized((96, 96), pool="same", dropout=0.5),
            _normalized((128, 128)),
            _normalized((144, 144), pool="same", dropout=0.5),
            _normalized((176, 176)),
            _normalized((192, 192), dropout=0.5),
            Stage((CLASSES,), 1, last_relu=False),
        ),
        input_shape=(32, 32, 3),
        num_classes=10,
        parameters=989_130,
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
