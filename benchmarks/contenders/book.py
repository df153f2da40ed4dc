"""The book's package: d2l 1.0.3 on legacy Keras, its own `Trainer` and `Classifier`.

The bare step: nothing is drawn, and its loader goes without its shuffle buffer, which would hold
all images at 224 pixels as floats, 12 GB.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from d2l import tensorflow as d2l

from contenders.clock import Answer, Clock
from contenders.layers import layers
from contenders.task import LEARNING_RATE, Task, noise


class NiN(d2l.Classifier):
    """The chapter's class, on the layers of a task."""

    def __init__(self, task: Task, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = tf.keras.Sequential(layers(tf.keras, task))
        self.net.build((None, task.size, task.size, task.stored[2]))

    def plot(self, *arguments: Any, **named: Any) -> None:
        """Draw nothing."""


class Batches(d2l.DataModule):
    """The loader of `d2l.FashionMNIST`, without its shuffle buffer."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        size, (images, labels) = (task.size, task.size), noise(task)
        self.batches = (
            tf.data.Dataset.from_tensor_slices((images, labels))
            .batch(task.batch_size)
            .map(lambda X, y: (tf.image.resize_with_pad(tf.cast(X, tf.float32) / 255, *size), y))
        )

    def timed(self, clock: Clock) -> Batches:
        """These, for as long as `clock` says."""
        self.clock = clock
        return self

    def train_dataloader(self) -> Batches:
        """Itself."""
        return self

    def val_dataloader(self) -> None:
        """None: only training is timed."""

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Any:
        return self.clock.around(self.batches)


def measure(task: Task, seconds: float) -> Answer:
    """`d2l.Trainer.fit`, then the answers as its `validation_step` asks for them."""
    data, model = Batches(task), NiN(task, LEARNING_RATE)
    training = Clock(seconds, task.batch_size)
    d2l.Trainer(max_epochs=1).fit(model, data.timed(training))
    prediction = Clock(seconds, task.batch_size)
    model.training = False
    for X, _ in data.timed(prediction):
        model(X)
    return Answer(model.count_params(), training.speed(), prediction.speed())
