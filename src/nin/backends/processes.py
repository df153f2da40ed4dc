"""Several processes that train together, by JAX: how they meet, part, and miss one another.

Every process holds the whole network and works on its own rows of each batch; JAX adds up the
gradients. `join` comes before anything is computed, `leave` at the end.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, ClassVar, NoReturn

import jax

from nin.errors import BackendError, PeerLostError

HEARTBEAT = 20
#: Also at the end, for the others to have come as far.
PATIENCE = 300
#: The exit code of a process that has lost another one in the middle of JAX's own code.
LOST = 2

#: What JAX's errors say when another process is gone: a sum's other end, or the coordinator.
_SIGNS = ("Gloo", "UNAVAILABLE", "heartbeat", "Barrier failed", "Socket closed")
_GONE = "another process was lost; to go on: nin train --resume RUN, in all of them"


def join(patience: int = PATIENCE, heartbeat: int = HEARTBEAT) -> None:
    """Meet the other processes, as `nin.backends.distribution.join` says.

    Args:
        patience: seconds to wait for them.
        heartbeat: seconds without a sign of life after which one of them counts as lost.
    """
    address = _setting("JOB_ADDRESSES")
    _Abort.prepare(f"not all processes came within {patience} s: start as many as were announced")
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
            f"cannot train together with other processes: {_first_line(error)}: set"
            " KERAS_DISTRIBUTION_JOB_ADDRESSES, _NUM_PROCESSES and _PROCESS_ID, or use srun"
        ) from error
    _Abort.line = _GONE


def joined() -> bool:
    """Whether this process is one of several that train together."""
    return bool(jax.distributed.is_initialized())


def leave() -> None:
    """Wait until the others have come as far, then part from them."""
    if joined():
        with lost_peers():
            jax.distributed.shutdown()


def abandon(code: int) -> NoReturn:
    """End this process without waiting for the others; they notice at their next step.

    At an ordinary end JAX waits for them, and they for this process's part of a sum.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


@contextlib.contextmanager
def lost_peers() -> Iterator[None]:
    """Turn what JAX says when another process is gone into a `PeerLostError`."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        if not any(sign in str(error) for sign in _SIGNS):
            raise
        raise PeerLostError(_GONE) from error


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _setting(name: str) -> str | None:
    return os.environ.get(f"KERAS_DISTRIBUTION_{name}")


def _number(name: str) -> int | None:
    value = _setting(name)
    if value is not None and not value.isdecimal():
        raise BackendError(f"KERAS_DISTRIBUTION_{name} must be a whole number, not {value!r}")
    return None if value is None else int(value)


class _Abort:
    """Answers for JAX where it aborts: it does so from C++, where no exception can pass.

    What C++ writes by itself, to standard output too, is put aside; it is shown if an abort has
    another cause.
    """

    line: ClassVar[str] = ""
    stderr: ClassVar[int] = 2
    log: ClassVar[Any] = None

    @classmethod
    def prepare(cls, line: str) -> None:
        """Take over aborts, and what is written past Python."""
        cls.line = line
        if cls.log is not None:
            return
        cls.log, cls.stderr = tempfile.TemporaryFile(), os.dup(2)  # noqa: SIM115
        for number, name in ((1, "stdout"), (2, "stderr")):
            getattr(sys, name).flush()
            ours = os.fdopen(os.dup(number), "w", buffering=1, errors="backslashreplace")
            setattr(sys, name, ours)
            os.dup2(cls.log.fileno(), number)
        libc = ctypes.CDLL(None)
        libc.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
        libc.signal(signal.SIGABRT, ctypes.cast(_on_abort, ctypes.c_void_p))


@ctypes.CFUNCTYPE(None, ctypes.c_int)  # type: ignore[untyped-decorator]
def _on_abort(_: int) -> None:
    said = os.pread(_Abort.log.fileno(), 1 << 20, 0)
    if b"distributed service" in said or b"coordination" in said:
        said = f"nin: {_Abort.line}\n".encode()
    os.write(_Abort.stderr, said)
    os._exit(LOST)
