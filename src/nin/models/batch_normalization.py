"""Batch normalisation at the speed of the backend's own operator."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from nin import backends


@keras.saving.register_keras_serializable(package="nin")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch normalisation, by the backend's own operator where it has one.

    Keras reads the images several times, in float32 whatever their type; on a processor that can
    take longer than the convolutions between.

    Args:
        momentum: of the averages. With Keras's 0.99 they are still a third of their start after a
            hundred steps; 0.9 is that of the book's PyTorch edition.
        kwargs: see `keras.layers.BatchNormalization`.
    """

    def __init__(self, *, momentum: float = 0.9, **kwargs: Any) -> None:
        super().__init__(momentum=momentum, **kwargs)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Images of shape (n, h, w, c) → the same, each channel with its scale and offset."""
        # Where it is frozen Keras's few operators have the faster gradient.
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
        """Whether it does to images what every framework's does."""
        plain = self.scale and self.center and not (self.renorm or self.synchronized)
        return plain and mask is None and len(inputs.shape) == 4 and self.axis in (-1, 3)
