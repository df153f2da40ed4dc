"""Batch normalisation at the speed of the backend's own operator."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from nin import backends


@keras.saving.register_keras_serializable(package="nin")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch normalisation, computed by the backend's own operator if it has one.

    Keras reads the images several times, in float32 whatever their type; on a CPU that can take
    longer than the convolutions between them.

    Args:
        momentum: momentum of the averages. With Keras's 0.99 their initial values still count for a
            third after a hundred steps; 0.9 is the value in the book's PyTorch edition.
        kwargs: see `keras.layers.BatchNormalization`.
    """

    def __init__(self, *, momentum: float = 0.9, **kwargs: Any) -> None:
        super().__init__(momentum=momentum, **kwargs)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Images of shape (n, h, w, c) → the same, each channel with its scale and offset."""
        # If the layer is frozen, the gradient of Keras's few operators is faster.
        fuses = self._is_usual(inputs, mask) and (self.trainable or not training)
        fused = fuses and backends.current().batch_normalization(inputs, self, bool(training))
        if not fused:
            return super().call(inputs, training=training, mask=mask)
        normalized, mean, variance = fused
        if training:
            for average, now in (self.moving_mean, mean), (self.moving_variance, variance):
                average.assign(average * self.momentum + now * (1 - self.momentum))
        return ops.cast(normalized, self.compute_dtype)

    def _is_usual(self, inputs: Any, mask: Any) -> bool:
        """Whether this is the batch normalisation of images that every framework has."""
        plain = self.scale and self.center and not (self.renorm or self.synchronized)
        return plain and mask is None and len(inputs.shape) == 4 and self.axis in (-1, 3)
