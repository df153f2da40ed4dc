"""Blocks that several networks are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras
from keras import ops

from nin.models.batch_normalization import BatchNormalization
from nin.networks.stages import MBConv


class Branches(keras.layers.Layer):
    """Sends its input down several paths and joins their outputs.

    Args:
        paths: the layers of each path; an empty path passes its input on.
        join: takes the list of the paths' outputs, such as `keras.layers.Concatenate()`.
    """

    def __init__(self, *paths: Iterable[Any], join: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.paths = [
            keras.Sequential([*path] or [keras.layers.Identity()])
            for path in (list(path) for path in paths)
        ]
        self.join = join

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights of every path."""
        for path in self.paths:
            path.build(input_shape)
        self.join.build([path.compute_output_shape(input_shape) for path in self.paths])
        self.built = True

    def call(self, X: Any, training: bool | None = None) -> Any:
        """Input of shape (n, h, w, c) → the joined outputs of the paths."""
        return self.join([path(X, training=training) for path in self.paths])

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of `call`'s result."""
        shapes = [path.compute_output_shape(input_shape) for path in self.paths]
        return tuple(self.join.compute_output_shape(shapes))


def mbconv(stage: MBConv, channels: int) -> list[Any]:
    """The inverted residual blocks of one row of a table; see `nin.networks.stages.MBConv`.

    Args:
        stage: the row.
        channels: channels of the input.

    Returns:
        One layer per block: (n, h, w, channels) → (n, h / strides, w / strides, stage.channels).
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
        [layers.Conv2D(channels * stage.expand, 1, **settings), BatchNormalization(), _relu6()]
        if stage.expand > 1
        else []
    )
    return [
        *wide,
        layers.DepthwiseConv2D(stage.kernel_size, strides=strides, **settings),
        BatchNormalization(),
        _relu6(),
        layers.Conv2D(stage.channels, 1, **settings),
        BatchNormalization(),
    ]


def _relu6() -> Any:
    return keras.layers.Activation("relu6")


@keras.saving.register_keras_serializable(package="nin")
class AveragePooling(keras.layers.AveragePooling2D):
    """Keras's average pooling, with the same borders on every backend.

    Where a window reaches beyond the image, only the values inside are averaged. On PyTorch, Keras
    repeats the image's last row and column there.
    """

    def call(self, inputs: Any) -> Any:
        """Images of shape (n, h, w, c) → (n, h', w', c)."""
        if self.padding == "valid" or keras.backend.backend() != "torch":
            return super().call(inputs)
        return self._filled(inputs) / self._filled(ops.ones_like(inputs[:1, :, :, :1]))

    def _filled(self, inputs: Any) -> Any:
        """The mean over windows padded with zeros."""
        missing = [
            max(0, (-(-side // step) - 1) * step + window - side)
            for side, step, window in zip(
                inputs.shape[1:3], self.strides, self.pool_size, strict=True
            )
        ]
        borders = [(0, 0), *((more // 2, more - more // 2) for more in missing), (0, 0)]
        padded = ops.pad(inputs, borders)
        return ops.average_pool(padded, self.pool_size, self.strides, "valid", "channels_last")


def dense_head(num_classes: int, hidden: Sequence[int] = (4096, 4096)) -> list[keras.layers.Layer]:
    """The 4096-4096 head that AlexNet and VGG share, with dropout 0.5 after each hidden layer.

    Args:
        num_classes: number of logits.
        hidden: units of each hidden layer before the logits.
    """
    layers = [
        layer
        for units in hidden
        for layer in (keras.layers.Dense(units, activation="relu"), keras.layers.Dropout(0.5))
    ]
    return [*layers, keras.layers.Dense(num_classes)]
