"""The block that gives Network in Network its name, and the one that it became."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from nin.models.branches import Branches
from nin.presets import MBConv


def mlpconv(
    widths: Sequence[int],
    kernel_size: int,
    strides: int = 1,
    padding: str = "same",
    *,
    window: int = 1,
    last_relu: bool = True,
    batch_norm: bool = False,
    activation: str = "relu",
) -> Any:
    """A convolution and then 1×1 convolutions: a small perceptron slid over the image.

    Lin, Chen and Yan, *Network in Network* (2014), section 3.1. A ReLU follows each convolution.

    Args:
        widths: output channels of each convolution; the first has the window `kernel_size`.
        kernel_size: side of the first window, in pixels.
        strides: step of the first window, in pixels.
        padding: of the first convolution, ``"valid"`` or ``"same"``.
        window: side of the other windows; more than 1 asks what the 1×1 is worth.
        last_relu: False leaves the last convolution without its ReLU.
        batch_norm: normalise each convolution's output, before its ReLU, in place of a bias.
        activation: ``"relu6"`` to cut off above 6 as well.

    Returns:
        A `keras.Sequential`: (n, h, w, c) → (n, h', w', widths[-1]).

    Example:
        >>> import numpy as np
        >>> block = nin.mlpconv((16, 8), kernel_size=5, strides=2)
        >>> tuple(block(np.zeros((1, 32, 32, 3))).shape)
        (1, 16, 16, 8)
    """
    windows = [kernel_size] + [window] * (len(widths) - 1)
    places = [{"strides": strides, "padding": padding}]
    places += [{"padding": "same"}] * (len(widths) - 1)
    layers: list[Any] = []
    for width, side, place in zip(widths, windows, places, strict=True):
        layers.append(keras.layers.Conv2D(width, side, use_bias=not batch_norm, **place))
        layers += [batch_normalization()] if batch_norm else []
        layers.append(keras.layers.Activation(activation))
    return keras.Sequential(layers if last_relu else layers[:-1])


def nin_block(out_channels: int, kernel_size: int, strides: int, padding: str) -> Any:
    """The book's block: a convolution and two 1×1 convolutions, all of `out_channels`.

    *Dive into Deep Learning*, section 8.3. See `mlpconv` for arguments and shapes.

    Example:
        >>> import numpy as np
        >>> block = nin.nin_block(96, kernel_size=11, strides=4, padding="valid")
        >>> tuple(block(np.zeros((1, 224, 224, 1))).shape)
        (1, 54, 54, 96)
    """
    return mlpconv((out_channels,) * 3, kernel_size, strides, padding)


def mbconv(stage: MBConv, channels: int) -> list[Any]:
    """The inverted residual blocks of one row of a table; see `nin.presets.MBConv`.

    Args:
        stage: the row.
        channels: of the input.

    Returns:
        A layer for each block: (n, h, w, channels) → (n, h / strides, w / strides, stage.channels).
    """
    blocks: list[Any] = []
    for number in range(stage.repeats):
        strides = 1 if number else stage.strides
        path = _inverted(channels, stage, strides)
        adds = strides == 1 and channels == stage.channels
        blocks.append(
            Branches(path, [], join=keras.layers.Add()) if adds else keras.Sequential(path)
        )
        channels = stage.channels
    return blocks


def _inverted(channels: int, stage: MBConv, strides: int) -> list[Any]:
    layers = keras.layers
    settings: dict[str, Any] = {"padding": "same", "use_bias": False}
    wide = (
        [layers.Conv2D(channels * stage.expand, 1, **settings), batch_normalization(), _relu6()]
        if stage.expand > 1
        else []
    )
    return [
        *wide,
        layers.DepthwiseConv2D(stage.kernel_size, strides=strides, **settings),
        batch_normalization(),
        _relu6(),
        layers.Conv2D(stage.channels, 1, **settings),
        batch_normalization(),
    ]


def _relu6() -> Any:
    return keras.layers.Activation("relu6")


def batch_normalization() -> Any:
    """Batch normalisation whose averages follow within tens of steps.

    Keras's momentum of 0.99 is still a third of its start after a hundred steps; 0.9 is that of
    the book's PyTorch edition.
    """
    return keras.layers.BatchNormalization(momentum=0.9)
