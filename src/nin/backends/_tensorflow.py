"""TensorFlow's answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from nin.backends.processor import BFLOAT16_CAPABILITY, multiplies_bfloat16


def gpus() -> int:
    """How many GPUs TensorFlow sees."""
    return len(tf.config.list_physical_devices("GPU"))


def version() -> str:
    """TensorFlow's version."""
    return str(tf.__version__)


def fast_in_bfloat16() -> bool:
    """Whether convolutions are faster in bfloat16 where TensorFlow computes by default."""
    devices = tf.config.list_physical_devices("GPU")
    if not devices:
        return multiplies_bfloat16()
    details = tf.config.experimental.get_device_details(devices[0])
    return bool(details.get("compute_capability", (0, 0)) >= BFLOAT16_CAPABILITY)


def sync(model: Any) -> None:
    """Nothing to do: the weights are up to date at any time."""


def reseed(*_: int) -> None:
    """Nothing to do: Keras keeps the state of all random numbers in variables."""


def bounded_dataset(batches: Iterable[Any], arrays: Sequence[tuple[Sequence[int], Any]]) -> Any:
    """A `tf.data.Dataset` that holds one batch ready, and never more.

    Args:
        batches: tuples of arrays, anew each time they are iterated over.
        arrays: (shape of a sample, type) of each array of a batch.
    """
    signature = tuple(tf.TensorSpec((None, *shape), dtype) for shape, dtype in arrays)
    dataset = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=signature)
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.prefetch(1).with_options(options)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of TensorFlow's log tells anything: each new network is traced, of course."""
    return "triggered tf.function retracing" not in record.getMessage()


logging.getLogger("tensorflow").addFilter(_is_news)


def random_state() -> Callable[[], None]:
    """Nothing to put back: TensorFlow does not give its global seed away."""
    return lambda: None
