"""A clock in Keras's own loops."""

from __future__ import annotations

from typing import Any

import keras

from contenders.clock import Clock


class KerasClock(keras.callbacks.Callback):
    """Ends `fit` or `predict` when the clock says so."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """A step; Keras has waited for it, since it hands on the loss as a number."""
        self.model.stop_training = not self.clock.tick()

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """A batch; JAX may still be at work on it."""
        keras.ops.convert_to_numpy(logs["outputs"])
        self.model.stop_predicting = not self.clock.tick()
