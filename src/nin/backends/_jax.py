"""JAX's answers."""

from __future__ import annotations

from typing import Any

import jax


def gpus() -> int:
    """How many GPUs JAX sees."""
    return sum(device.platform == "gpu" for device in jax.devices())


def version() -> str:
    """JAX's version."""
    return str(jax.__version__)


def sync(model: Any) -> None:
    """Bring the weights up to date while `fit` runs: until then JAX's loop holds them."""
    model.jax_state_sync()


def reseed(*_: int) -> None:
    """Nothing to do: Keras keeps the state of all random numbers in variables."""
