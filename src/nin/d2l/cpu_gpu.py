"""The book's functions for choosing a device."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import keras

from nin import backends
from nin.errors import BackendError


def cpu() -> AbstractContextManager[Any]:
    """The CPU: ``with cpu(): ...``.

    Example:
        >>> with nin.cpu():
        ...     total = float(nin.reduce_sum(nin.ones(3)))
        >>> total
        3.0
    """
    if not backends.num_gpus():
        return nullcontext()
    return cast(AbstractContextManager[Any], keras.device("cpu:0"))


def gpu(i: int = 0) -> AbstractContextManager[Any]:
    """The i-th GPU: ``with gpu(): ...``; use `nin.try_gpu` if there may be none.

    Raises:
        BackendError: there is no such GPU.

    Example:
        >>> if nin.num_gpus():
        ...     with nin.gpu():
        ...         X = nin.ones((2, 3))
    """
    if i >= backends.num_gpus():
        raise BackendError(f"gpu({i}): there are {backends.num_gpus()} GPUs here: use try_gpu({i})")
    return backends.try_gpu(i)


def try_all_gpus() -> list[AbstractContextManager[Any]]:
    """All GPUs, or the CPU if there is none.

    Example:
        >>> len(nin.try_all_gpus()) >= 1
        True
    """
    return [gpu(i) for i in range(backends.num_gpus())] or [cpu()]


def to(value: Any, device: Any = None) -> Any:  # noqa: ARG001 - as the book calls it
    """`value` itself: Keras's backends move it to where it is needed.

    Example:
        >>> nin.to(3, nin.cpu())
        3
    """
    return value
