"""Accuracy for labels that are numbers, or shares of the classes, as mixup makes them."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def are_shares(Y: Any, Y_hat: Any) -> bool:
    """Whether labels are shares of the classes (n, classes), and not numbers.

    There may be fewer classes than outputs.
    """
    shape = tuple(getattr(Y, "shape", ()))
    if len(shape) != 2 or len(Y_hat.shape) != 2 or shape[-1] is None:
        return False
    return bool(1 < shape[-1] <= Y_hat.shape[-1])


@keras.saving.register_keras_serializable(package="nin")
class CountedAccuracy(keras.metrics.SparseCategoricalAccuracy):
    """Accuracy in which every image counts the same, whatever its weight in the loss.

    Images of weight 0 do not count: they pad a batch that several devices share. If labels are
    shares of the classes, the largest share counts. Keras writes the name of this class into saved
    networks, so it has to be registered wherever networks are used.
    """

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Count a batch."""
        if sample_weight is not None:
            sample_weight = ops.cast(ops.greater(sample_weight, 0), "float32")
        if are_shares(y_true, y_pred):
            y_true = ops.argmax(y_true, axis=-1)
        return super().update_state(y_true, y_pred, sample_weight)
