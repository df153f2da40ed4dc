"""The block that gives Network in Network its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


def mlpconv(
    widths: Sequence[int],
    kernel_size: int,
    strides: int = 1,
    padding: str = "same",
    *,
    window: int = 1,
    last_relu: bool = True,
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

    Returns:
        A `keras.Sequential`: (n, h, w, c) → (n, h', w', widths[-1]).
    """
    first, *others = widths
    convolutions = [keras.layers.Conv2D(first, kernel_size, strides=strides, padding=padding)]
    convolutions += [keras.layers.Conv2D(width, window, padding="same") for width in others]
    layers = [
        layer
        for convolution in convolutions
        for layer in (convolution, keras.layers.Activation("relu"))
    ]
    return keras.Sequential(layers if last_relu else layers[:-1])


def nin_block(out_channels: int, kernel_size: int, strides: int, padding: str) -> Any:
    """The book's block: a convolution and two 1×1 convolutions, all of `out_channels`.

    *Dive into Deep Learning*, section 8.3. See `mlpconv` for arguments and shapes.
    """
    return mlpconv((out_channels,) * 3, kernel_size, strides, padding)
