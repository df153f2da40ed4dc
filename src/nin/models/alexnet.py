"""`AlexNet`, as the book defines it."""

from __future__ import annotations

import keras

from nin.models.blocks import dense_head
from nin.models.classifier import Classifier


class AlexNet(Classifier):
    """Five convolutions and a 4096-4096 head (*Dive into Deep Learning*, section 8.1).

    46,764,746 parameters at an input of (n, 224, 224, 1).

    Args:
        lr: learning rate of the plain SGD that `configure_optimizers` returns.
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
