"""`AlexNet`, as the book defines it."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from nin.models.classifier import Classifier


class AlexNet(Classifier):
    """Five convolutions and a 4096-4096 head (*Dive into Deep Learning*, section 8.1).

    46,764,746 parameters at an input of (n, 224, 224, 1).

    Args:
        lr: learning rate of the plain SGD that `configure_optimizers` gives.
        num_classes: number of logits.

    Example:
        >>> nin.count_cost(nin.AlexNet(), (224, 224, 1)).parameters.total
        46764746
    """

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = keras.Sequential(
            [
                keras.layers.Conv2D(96, kernel_size=11, strides=4, activation="relu"),
                keras.layers.MaxPooling2D(pool_size=3, strides=2),
                keras.layers.Conv2D(256, kernel_size=5, padding="same", activation="relu"),
                keras.layers.MaxPooling2D(pool_size=3, strides=2),
                keras.layers.Conv2D(384, kernel_size=3, padding="same", activation="relu"),
                keras.layers.Conv2D(384, kernel_size=3, padding="same", activation="relu"),
                keras.layers.Conv2D(256, kernel_size=3, padding="same", activation="relu"),
                keras.layers.MaxPooling2D(pool_size=3, strides=2),
                keras.layers.Flatten(),
                *dense_head(num_classes),
            ]
        )


def dense_head(num_classes: int, hidden: Sequence[int] = (4096, 4096)) -> list[keras.layers.Layer]:
    """The 4096-4096 head that AlexNet and VGG share, with dropout 0.5 after each hidden layer.

    Args:
        num_classes: number of logits.
        hidden: units of each layer before them.
    """
    layers = [
        layer
        for units in hidden
        for layer in (keras.layers.Dense(units, activation="relu"), keras.layers.Dropout(0.5))
    ]
    return [*layers, keras.layers.Dense(num_classes)]
