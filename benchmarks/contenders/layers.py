"""A task's network in Keras layers, of Keras 3 or of the legacy one."""

from __future__ import annotations

from typing import Any

from contenders.task import Block, Drop, Task


def layers(keras: Any, task: Task) -> list[Any]:
    """The layers of `task`, down to the logits.

    Args:
        keras: the module to take them from.
        task: tells which.
    """
    made: list[Any] = []
    for layer in task.layers:
        if isinstance(layer, Block):
            made += _block(keras, layer)
        elif isinstance(layer, Drop):
            made.append(keras.layers.Dropout(layer.rate))
        else:
            made.append(keras.layers.MaxPooling2D(3, strides=2, padding=layer.padding))
    return [*made, keras.layers.GlobalAveragePooling2D()]


def _block(keras: Any, block: Block) -> list[Any]:
    first, *others = block.widths
    convolutions = [
        keras.layers.Conv2D(first, block.kernel_size, strides=block.strides, padding=block.padding),
        *(keras.layers.Conv2D(width, 1) for width in others),
    ]
    return [
        layer
        for convolution in convolutions
        for layer in (convolution, keras.layers.Activation("relu"))
    ]
