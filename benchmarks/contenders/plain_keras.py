"""Plain Keras 3 as its users write it: `Sequential`, `compile`, `fit` on a tf.data pipeline.

Bytes are resized and scaled batch by batch in the pipeline, which also feeds Keras on JAX.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from contenders.clock import Answer, Clock
from contenders.keras_clock import KerasClock
from contenders.layers import layers
from contenders.task import LEARNING_RATE, Task, noise

SHUFFLED = 10_000


def measure(task: Task, seconds: float) -> Answer:
    """`fit`, then `predict`."""
    model = keras.Sequential(
        [keras.Input((task.size, task.size, task.stored[2])), *layers(keras, task)]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(LEARNING_RATE),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    batches = pipeline(task)
    training = Clock(seconds, task.batch_size)
    model.fit(batches, verbose=0, callbacks=[KerasClock(training)])
    prediction = Clock(seconds, task.batch_size)
    model.predict(batches, verbose=0, callbacks=[KerasClock(prediction)])
    return Answer(model.count_params(), training.speed(), prediction.speed())


def pipeline(task: Task) -> Any:
    """Batches of floats and labels, prepared while the network computes."""

    def prepare(images: Any, labels: Any) -> tuple[Any, Any]:
        x = tf.cast(images, tf.float32) / 255
        return tf.image.resize(x, (task.size, task.size)), labels

    return (
        tf.data.Dataset.from_tensor_slices(noise(task))
        .shuffle(SHUFFLED)
        .batch(task.batch_size)
        .map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )
