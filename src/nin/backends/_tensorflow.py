"""`Backend` on TensorFlow."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import tensorflow as tf

from nin.backends.devices import BFLOAT16_CAPABILITY, multiplies_bfloat16


def gpus() -> int:
    """How many GPUs TensorFlow finds."""
    return len(tf.config.list_physical_devices("GPU"))


def gpu_name() -> str:
    """The name of the first GPU; there must be one."""
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
    """Nothing to do: the weights are always up to date."""


def set_seed(seed: int) -> None:
    """Nothing to do: Keras seeds TensorFlow."""


def reseed(*_: int) -> None:
    """Nothing to do: Keras keeps the state of all random numbers in variables."""


def bounded_dataset(batches: Iterable[Any], arrays: Sequence[tuple[Sequence[int], Any]]) -> Any:
    """A `tf.data.Dataset` that prefetches one batch, never more.

    Args:
        batches: tuples of arrays; may be iterated over several times.
        arrays: (shape of a sample, type) for each array of a batch.
    """
    signature = tuple(tf.TensorSpec((None, *shape), dtype) for shape, dtype in arrays)
    dataset = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=signature)
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.prefetch(1).with_options(options)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of TensorFlow's log is worth showing: retracing is not, as it is expected."""
    return "triggered tf.function retracing" not in record.getMessage()


logging.getLogger("tensorflow").addFilter(_is_news)


def random_state() -> Callable[[], None]:
    """Nothing to put back: TensorFlow does not reveal its global seed."""
    return lambda: None


def own_variable(value: Any) -> tuple[Any, bool, str] | None:
    """The content of a `tf.Variable`, whether it is trained, and its type; None for others."""
    if not isinstance(value, tf.Variable):
        return None
    return value.numpy(), bool(value.trainable), str(value.dtype.name)


def gradients(compute: Callable[[], tuple[Any, Any]], model: Any) -> tuple[Any, Any, list[Any]]:
    """The loss and the other value that `compute` returns, and the loss's gradients.

    Args:
        compute: computes with the weights of `model`.
        model: a built model.
    """
    weights = [weight.value for weight in model.trainable_variables]
    with tf.GradientTape() as tape:
        loss, beside = compute()
    return loss, beside, tape.gradient(loss, weights)


def can_compile(function: Callable[..., Any], arrays: Sequence[Any]) -> bool:
    """Whether TensorFlow can make a graph of a function, for batches of any size.

    Args:
        function: a function of tensors.
        arrays: a batch of its arguments.
    """
    signature = [tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays]
    try:
        tf.function(function, autograph=False).get_concrete_function(*signature)
    except Exception:  # noqa: BLE001 - user code may raise anything, but run without a graph
        return False
    return True


#: What TensorFlow's fused operator takes.
_FUSED = (tf.float32, tf.bfloat16, tf.float16)


def prepare_optimizer(optimizer: Any) -> None:
    """Leave out the sum of gradients over all replicas if there is only one replica.

    Keras computes it by a function whose gradient TensorFlow registers permanently, together with
    the graph of the training step and the images of its data set: the memory of a training would
    not be freed in this process.
    """
    for each in (optimizer, getattr(optimizer, "inner_optimizer", None)):
        if each is not None and hasattr(each, "_all_reduce_sum_gradients"):
            each._all_reduce_sum_gradients = functools.partial(_summed, each)


def _summed(optimizer: Any, pairs: Any) -> Any:
    """Pairs (gradient, variable), summed over replicas only if there are several."""
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return list(pairs)
    return type(optimizer)._all_reduce_sum_gradients(optimizer, pairs)


def batch_normalization(images: Any, layer: Any, training: bool) -> tuple[Any, Any, Any] | None:
    """Batch normalisation in one operator: its output, and the statistics that it used.

    Args:
        images: (n, h, w, c).
        layer: a built `keras.layers.BatchNormalization` of the last axis, with scale and centre.
        training: whether to use the batch's statistics; otherwise the layer's averages.

    Returns:
        The normalised images, each channel's mean and its variance; None if the operator does not
        take the images or the weights.
    """
    weights = (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance)
    if images.dtype not in _FUSED or any(weight.dtype != "float32" for weight in weights):
        return None
    scale, offset, mean, variance = map(tf.convert_to_tensor, weights)
    nothing = tf.zeros([0])
    normalized, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=images,
        scale=scale,
        offset=offset,
        mean=nothing if training else mean,
        variance=nothing if training else variance,
        epsilon=layer.epsilon,
        is_training=training,
    )
    if training:
        # TensorFlow returns the unbiased variance (n - 1), Keras averages the biased one (n).
        pixels = tf.cast(tf.reduce_prod(tf.shape(images)[:-1]), tf.float32)
        variance *= (pixels - 1) / pixels
    return normalized, mean, variance
