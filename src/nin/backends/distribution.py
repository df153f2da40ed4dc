"""One training on several devices, and by several processes: Keras's data parallelism, on JAX.

Of the engines that Keras 3 can use, only this one gives the same loss as one device, up to
rounding. On TensorFlow `MirroredStrategy` does not; for PyTorch Keras has none.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from nin import backends
from nin.backends.abort_guard import supervise
from nin.errors import Advice, Argument, BackendError

_PROCESSES = "nin.backends.processes"


class Layout(NamedTuple):
    """Numbers of devices and processes that a training is spread over, and this process's index."""

    devices: int = 1
    processes: int = 1
    process: int = 0

    @property
    def is_chief(self) -> bool:
        """Whether this process is the one that keeps the run and prints."""
        return self.process == 0


def layout() -> Layout:
    """How networks that are made now are spread over devices."""
    import keras

    chosen = keras.distribution.distribution()
    if chosen is None:
        return Layout()
    import jax

    return Layout(chosen.device_mesh.devices.size, jax.process_count(), jax.process_index())


def join(*, supervised: bool = False) -> None:
    """Connect to the other processes of a training, before anything is computed.

    Keras's variables KERAS_DISTRIBUTION_JOB_ADDRESSES, _NUM_PROCESSES and _PROCESS_ID say where
    they are; without them JAX asks Slurm, Open MPI or Kubernetes.

    Args:
        supervised: whether to continue in a child process, so that its parent can explain an abort
            by JAX in one line; only before JAX is imported.

    Raises:
        BackendError: the backend is not JAX, the other processes are not known, or something has
            been computed already.
        PeerLostError: not all processes connected in time.
    """
    check_backend()
    if supervised:
        supervise()
    importlib.import_module(_PROCESSES).join()


@contextlib.contextmanager
def spread(devices: int | None) -> Iterator[Layout]:
    """Spread networks made within this block over devices, each of which takes rows of a batch.

    Args:
        devices: number of this machine's devices; 0 for all of them. None for one device, or,
            after `join`, for all devices of all processes.

    Raises:
        BackendError: there are fewer devices, or the backend can use only one.
    """
    if devices is None and not _have_joined():
        yield Layout()
        return
    check_backend()
    import keras

    there = keras.distribution.list_devices()
    keras.distribution.set_distribution(
        keras.distribution.DataParallel(
            devices=_some(there, devices or 0), auto_shard_dataset=False
        )
    )
    try:
        yield layout()
    finally:
        gather()


def gather() -> None:
    """Put networks on one device again."""
    import keras

    keras.distribution.set_distribution(None)


def leave() -> None:
    """Wait until the other processes, if any, get to this point, and disconnect from them."""
    if _have_joined():
        sys.modules[_PROCESSES].leave()


def abandon(code: int) -> None:
    """End this process with `code` at once if others would wait for it; else do nothing."""
    if _have_joined():
        sys.modules[_PROCESSES].abandon(code)


@contextlib.contextmanager
def lost_peers() -> Iterator[None]:
    """Turn errors raised because another process has ended into a `PeerLostError`."""
    with sys.modules[_PROCESSES].lost_peers() if _have_joined() else contextlib.nullcontext():
        yield


def _some(there: list[Any], devices: int) -> list[Any]:
    if devices and _have_joined():
        raise BackendError(
            "several processes use all their devices", Advice("leave out {}", Argument("devices"))
        )
    if not 0 <= devices <= len(there):
        raise BackendError(f"{devices} devices were requested, but JAX finds {len(there)} here")
    return there[:devices] if devices else there


def check_backend() -> None:
    """Refuse to use several devices on a backend that cannot; nothing is imported.

    Raises:
        BackendError: it is not JAX.
    """
    backend = backends.backend_name()
    if backend != "jax":
        raise BackendError(
            f"several devices need JAX, and the backend is {backend}: set KERAS_BACKEND=jax"
        )


def _have_joined() -> bool:
    return _PROCESSES in sys.modules and bool(sys.modules[_PROCESSES].joined())
