"""`Backend` on TensorFlow."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from nin.backends.devices import BFLOAT16_CAPABILITY, multiplies_bfloat16


def gpus() -> int:
    """How many GPUs TensorFlow finds."""
    return len(tf.config.list_physical_devices("GPU"))


def gpu_name() -> str:
    """What the first GPU is called; there is one."""
    details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
    return str(details.get("device_name", "GPU"))


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
    """Whether a line of TensorFlow's log is worth showing: each new network is traced anyway."""
    return "triggered tf.function retracing" not in record.getMessage()


logging.getLogger("tensorflow").addFilter(_is_news)


def random_state() -> Callable[[], None]:
    """Nothing to put back: TensorFlow does not give its global seed away."""
    return lambda: None


def own_variable(value: Any) -> tuple[Any, bool, str] | None:
    """The content of a `tf.Variable`, whether it is trained, and its type; of others None."""
    if not isinstance(value, tf.Variable):
        return None
    return value.numpy(), bool(value.trainable), str(value.dtype.name)


def gradients(compute: Callable[[], tuple[Any, Any]], model: Any) -> tuple[Any, Any, list[Any]]:
    """What `compute` returns, a loss and something beside it, and the loss's gradients.

    Args:
        compute: computes with the weights of `model`.
        model: a built model.
    """
    weights = [weight.value for weight in model.trainable_variables]
    with tf.GradientTape() as tape:
        loss, beside = compute()
    return loss, beside, tape.gradient(loss, weights)


def can_compile(function: Callable[..., Any], arrays: Sequence[Any]) -> bool:
    """Whether a graph can be made of a function, for batches of any size.

    Args:
        function: of tensors.
        arrays: a batch of what it is called with.
    """
    signature = [tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays]
    try:
        tf.function(function, autograph=False).get_concrete_function(*signature)
    except Exception:  # noqa: BLE001 - whatever a reader's code does; without a graph it may run
        return False
    return True
