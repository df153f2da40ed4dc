"""`VGG`, as the book defines it."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from nin.models.blocks import dense_head
from nin.models.classifier import Classifier
from nin.networks.rivals import VGG11


class VGG(Classifier):
    """Blocks of 3×3 convolutions and a 4096-4096 head (*Dive into Deep Learning*, section 8.2).

    At an input of (n, 224, 224, 1) `VGG11` has 128,806,154 parameters, `VGG11_QUARTER` 43,093,322.

    Args:
        arch: (number of convolutions, channels) of each block; a 2×2 max pooling ends a block.
        lr: learning rate of the plain SGD that `configure_optimizers` returns.
        num_classes: number of logits.

    Example:
        >>> small = nin.VGG(arch=((1, 16), (1, 32), (2, 64)), num_classes=3)
        >>> nin.count_cost(small, (32, 32, 3)).parameters.total
        21052515
    """

    def __init__(
        self, arch: Sequence[tuple[int, int]] = VGG11, lr: float = 0.1, num_classes: int = 10
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        blocks = [vgg_block(number, channels) for number, channels in arch]
        self.net = keras.Sequential([*blocks, keras.layers.Flatten(), *dense_head(num_classes)])


def vgg_block(num_convs: int, num_channels: int) -> keras.Sequential:
    """`num_convs` 3×3 convolutions with ReLU, then 2×2 max pooling, which halves the size."""
    convolutions = [
        keras.layers.Conv2D(num_channels, kernel_size=3, padding="same", activation="relu")
        for _ in range(num_convs)
    ]
    return keras.Sequential([*convolutions, keras.layers.MaxPooling2D(pool_size=2, strides=2)])
