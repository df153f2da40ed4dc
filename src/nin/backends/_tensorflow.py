"""TensorFlow's answers."""

from __future__ import annotations

import logging
from typing import Any

import tensorflow as tf


def gpus() -> int:
    """How many GPUs TensorFlow sees."""
    return len(tf.config.list_physical_devices("GPU"))


def version() -> str:
    """TensorFlow's version."""
    return str(tf.__version__)


def sync(model: Any) -> None:
    """Nothing to do: the weights are up to date at any time."""


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a line of TensorFlow's log tells anything: each new network is traced, of course."""
    return "triggered tf.function retracing" not in record.getMessage()


logging.getLogger("tensorflow").addFilter(_is_news)
