"""`LeNet`, as the book defines it."""

from __future__ import annotations

import keras

from nin.models.classifier import Classifier


class LeNet(Classifier):
    """Two sigmoid convolutions and three dense layers (*Dive into Deep Learning*, section 7.6).

    61,706 parameters at an input of (n, 28, 28, 1).

    Args:
        lr: learning rate of the plain SGD that `configure_optimizers` returns.
        num_classes: number of logits.

    Example:
        >>> nin.count_cost(nin.LeNet(), (28, 28, 1)).parameters.total
        61706
    """

    def __init__(self, lr: float = 0.1, num_classes: int = 10) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = keras.Sequential(
            [
                keras.layers.Conv2D(6, kernel_size=5, activation="sigmoid", padding="same"),
                keras.layers.AveragePooling2D(pool_size=2, strides=2),
                keras.layers.Conv2D(16, kernel_size=5, activation="sigmoid"),
                keras.layers.AveragePooling2D(pool_size=2, strides=2),
                keras.layers.Flatten(),
                keras.layers.Dense(120, activation="sigmoid"),
                keras.layers.Dense(84, activation="sigmoid"),
                keras.layers.Dense(num_classes),
            ]
        )
