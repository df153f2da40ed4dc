"""JAX's answers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import jax

from nin.backends import Layout
from nin.errors import BackendError


def gpus() -> int:
    """How many GPUs JAX sees."""
    return sum(device.platform == "gpu" for device in jax.devices())


def version() -> str:
    """JAX's version."""
    return str(jax.__version__)


def sync(model: Any) -> None:
    """Bring the weights up to date while `fit` runs: until then JAX's loop holds them."""
    model.jax_state_sync()


def layout() -> Layout:
    """How many devices `spread` has chosen, and which of the processes this is."""
    import keras

    chosen = keras.distribution.distribution()
    if chosen is None:
        return Layout()
    return Layout(chosen.device_mesh.devices.size, jax.process_count(), jax.process_index())


def lost_peers() -> AbstractContextManager[None]:
    """Turn what JAX says when another process is gone into a `PeerLostError`."""
    from nin.backends import processes

    return processes.lost_peers()


def spread(devices: int) -> None:
    """Let networks live on so many local devices; 0 for all, of all processes."""
    import keras

    there = keras.distribution.list_devices()
    if devices and jax.process_count() > 1:
        raise BackendError("several processes use all their devices: leave out --devices")
    if devices > len(there):
        raise BackendError(f"{devices} devices were asked for, but JAX sees {len(there)} here")
    chosen = there[:devices] if devices else there
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(devices=chosen, auto_shard_dataset=False)
    )


def gather() -> None:
    """Part from other processes; networks live on one device again."""
    import keras

    from nin.backends import processes

    keras.distribution.set_distribution(None)
    processes.leave()
