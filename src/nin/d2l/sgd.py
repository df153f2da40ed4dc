"""`SGD`: stochastic gradient descent from scratch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nin.hyperparameters import HyperParameters


class SGD(HyperParameters):
    """Plain stochastic gradient descent (*Dive into Deep Learning*, section 3.4).

    `nin.Trainer` takes it from `configure_optimizers` like an optimiser of Keras.

    Args:
        lr: the learning rate.

    Example:
        >>> import keras
        >>> weight = keras.Variable([1.0, 2.0])
        >>> nin.SGD(lr=0.5).apply_gradients([(keras.ops.ones(2), weight)])
        >>> nin.numpy(weight).tolist()
        [0.5, 1.5]
    """

    lr: float

    def __init__(self, lr: float) -> None:
        self.save_hyperparameters()

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> None:
        """Move each variable against its gradient.

        Args:
            grads_and_vars: pairs of a gradient and the variable it belongs to.
        """
        for gradient, variable in grads_and_vars:
            variable.assign_sub(self.lr * gradient)
