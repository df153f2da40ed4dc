"""Several processes that train together by JAX: how they connect, disconnect, and fail.

Every process holds the whole network and works on its own rows of each batch; JAX adds up the
gradients. `join` comes before anything is computed, `leave` at the end.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import NoReturn

import jax

from nin.backends import abort_guard
from nin.errors import LOST_PEER, BackendError, PeerLostError, first_line

HEARTBEAT = 20
#: Seconds to wait for the other processes, at the beginning and at the end.
PATIENCE = 300

#: Words in JAX's errors if another process is gone, be it a peer in a sum or the coordinator.
_SIGNS = ("Gloo", "UNAVAILABLE", "heartbeat", "Barrier failed", "Socket closed")


def join(patience: int = PATIENCE, heartbeat: int = HEARTBEAT) -> None:
    """Connect to the other processes; see `nin.backends.distribution.join`.

    Args:
        patience: seconds to wait for them.
        heartbeat: seconds without a sign of life after which one of them counts as lost.
    """
    address = _setting("JOB_ADDRESSES")
    try:
        with lost_peers():
            jax.distributed.initialize(
                address.split(",")[0] if address else None,
                _number("NUM_PROCESSES"),
                _number("PROCESS_ID"),
                initialization_timeout=patience,
                heartbeat_timeout_seconds=heartbeat,
                shutdown_timeout_seconds=patience,
            )
            jax.devices()  # The processes exchange their devices here, and not later.
    except (ValueError, TypeError, RuntimeError) as error:
        raise BackendError(
            f"cannot train together with other processes: {first_line(error)}: set"
            " KERAS_DISTRIBUTION_JOB_ADDRESSES, _NUM_PROCESSES and _PROCESS_ID, or use srun"
        ) from error
    abort_guard.note_joined()


def joined() -> bool:
    """Whether this process is one of several that train together."""
    return bool(jax.distributed.is_initialized())


def leave() -> None:
    """Wait until the others get to this point, and disconnect from them."""
    if joined():
        with lost_peers():
            jax.distributed.shutdown()


def abandon(code: int) -> NoReturn:
    """End this process without waiting for the others, which notice at their next step.

    On a normal exit JAX waits for them, and they wait for this process's part of a sum.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


@contextlib.contextmanager
def lost_peers() -> Iterator[None]:
    """Turn JAX's errors about a process that is gone into a `PeerLostError`."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        if not any(sign in str(error) for sign in _SIGNS):
            raise
        raise PeerLostError(LOST_PEER) from error


def _setting(name: str) -> str | None:
    return os.environ.get(f"KERAS_DISTRIBUTION_{name}")


def _number(name: str) -> int | None:
    value = _setting(name)
    if value is not None and not value.isdecimal():
        raise BackendError(f"KERAS_DISTRIBUTION_{name} must be a whole number, not {value!r}")
    return None if value is None else int(value)
