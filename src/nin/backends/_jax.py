"""JAX's answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from nin.backends.processor import BFLOAT16_CAPABILITY


def gpus() -> int:
    """How many GPUs JAX sees."""
    return sum(device.platform == "gpu" for device in jax.devices())


def version() -> str:
    """JAX's version."""
    return str(jax.__version__)


def fast_in_bfloat16() -> bool:
    """Whether convolutions are faster in bfloat16 where JAX computes; on a CPU they are not."""
    device = jax.devices()[0]
    if device.platform != "gpu":
        return bool(device.platform == "tpu")
    capability = tuple(map(int, device.compute_capability.split(".")))
    return capability >= BFLOAT16_CAPABILITY


def sync(model: Any) -> None:
    """Bring the weights up to date while `fit` runs: until then JAX's loop holds them."""
    model.jax_state_sync()


def reseed(*_: int) -> None:
    """Nothing to do: Keras keeps the state of all random numbers in variables."""


def random_state() -> Callable[[], None]:
    """Nothing to put back: JAX has no random state of its own."""
    return lambda: None
