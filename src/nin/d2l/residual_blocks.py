"""`Residual` and `ResNeXtBlock`: the blocks of the book's ResNet and RegNet."""

from __future__ import annotations

from typing import Any

import keras

from nin.models.batch_normalization import BatchNormalization


class Residual(keras.Model):
    """Two 3×3 convolutions with a skip connection (*Dive into Deep Learning*, 8.6).

    Its batch normalisation has momentum 0.9, as in the book's PyTorch edition.

    Args:
        num_channels: number of output channels.
        use_1x1conv: whether a 1×1 convolution brings the input to the output's shape.
        strides: stride of the first convolution, and of the 1×1.

    Example:
        >>> X = nin.normal((4, 6, 6, 3))
        >>> tuple(nin.Residual(6, use_1x1conv=True, strides=2)(X).shape)
        (4, 3, 3, 6)
    """

    def __init__(self, num_channels: int, use_1x1conv: bool = False, strides: int = 1) -> None:
        super().__init__()
        self.conv1 = _convolution(num_channels, 3, strides=strides)
        self.conv2 = _convolution(num_channels, 3)
        self.conv3 = _convolution(num_channels, 1, strides=strides) if use_1x1conv else None
        self.bn1, self.bn2 = BatchNormalization(), BatchNormalization()

    def call(self, X: Any) -> Any:
        """Maps of shape (n, h, w, c) → (n, h / strides, w / strides, num_channels)."""
        Y = keras.activations.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        return keras.activations.relu(Y + (self.conv3(X) if self.conv3 else X))


class ResNeXtBlock(keras.Model):
    """A residual block with grouped convolutions (*Dive into Deep Learning*, 8.6.5).

    Its batch normalisation has momentum 0.9, as in the book's PyTorch edition.

    Args:
        num_channels: number of output channels.
        groups: channels per group of the middle convolution.
        bot_mul: number of inner channels, as a share of `num_channels`.
        use_1x1conv: whether a 1×1 convolution brings the input to the output's shape.
        strides: stride of the middle convolution, and of that 1×1.

    Example:
        >>> X = nin.normal((4, 96, 96, 32))
        >>> tuple(nin.ResNeXtBlock(32, 16, 1)(X).shape)
        (4, 96, 96, 32)
    """

    def __init__(
        self,
        num_channels: int,
        groups: int,
        bot_mul: float,
        use_1x1conv: bool = False,
        strides: int = 1,
    ) -> None:
        super().__init__()
        within = round(num_channels * bot_mul)
        self.conv1 = _convolution(within, 1)
        self.conv2 = _convolution(within, 3, strides=strides, groups=within // groups)
        self.conv3 = _convolution(num_channels, 1)
        self.bn1, self.bn2, self.bn3 = (
            BatchNormalization(),
            BatchNormalization(),
            BatchNormalization(),
        )
        self.conv4 = _convolution(num_channels, 1, strides=strides) if use_1x1conv else None
        self.bn4 = BatchNormalization() if use_1x1conv else None

    def call(self, X: Any) -> Any:
        """Maps of shape (n, h, w, c) → (n, h / strides, w / strides, num_channels)."""
        Y = keras.activations.relu(self.bn1(self.conv1(X)))
        Y = keras.activations.relu(self.bn2(self.conv2(Y)))
        Y = self.bn3(self.conv3(Y))
        if self.conv4 is not None and self.bn4 is not None:
            X = self.bn4(self.conv4(X))
        return keras.activations.relu(Y + X)


def _convolution(channels: int, size: int, **settings: Any) -> keras.layers.Conv2D:
    return keras.layers.Conv2D(channels, size, padding="same", **settings)
