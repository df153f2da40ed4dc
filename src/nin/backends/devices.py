"""The devices that the backend computes on, as the book asks for them."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any, cast

from nin.backends.choice import current


def num_gpus() -> int:
    """How many GPUs the backend can use.

    Example:
        >>> nin.num_gpus() >= 0
        True
    """
    return current().gpus()


def try_gpu(i: int = 0) -> AbstractContextManager[Any]:
    """The i-th GPU when there is one, else the CPU: ``with try_gpu(): ...``.

    Example:
        >>> import keras
        >>> with nin.try_gpu():
        ...     total = float(keras.ops.sum(keras.ops.ones(3)))
        >>> total
        3.0
    """
    gpus = current().gpus()
    if not gpus:
        # Where there is only the CPU, to ask PyTorch for it makes copies of the weights.
        return contextlib.nullcontext()
    import keras

    return cast(AbstractContextManager[Any], keras.device(f"gpu:{i}" if i < gpus else "cpu:0"))
