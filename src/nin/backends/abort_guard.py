"""A parent process that ends cleanly for a child that JAX aborts.

If another process of a training is lost, JAX may abort from C++, where no exception can pass. So
the training runs in a child, and its parent turns the abort into one line and an exit code.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from typing import Any, NoReturn

from nin.errors import LOST_PEER

#: The exit code for an abort because another process was lost.
LOST = 2
_JOINED = b"all processes have met\n"
#: Signals that the parent passes on to the child.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

#: The file with C++'s own output; None if there is no parent.
_log: Any = None


def supervise() -> None:
    """Continue in a child process; the parent ends as the child does, and does not return.

    Call this before JAX is imported: its threads would not exist in the child. C++'s own output to
    standard output and error is kept aside, and shown if an abort has another cause.
    """
    global _log
    sys.stdout.flush()
    sys.stderr.flush()
    log = tempfile.TemporaryFile()  # noqa: SIM115
    reading, writing = os.pipe()
    # Signals are held back until the parent can pass them on.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    child = os.fork()
    if child:
        os.close(reading)
        _end_as(child, log)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    os.close(writing)
    os.setpgrp()  # Ctrl-C reaches the parent alone, which passes it on.
    threading.Thread(target=_end_with_parent, args=(reading,), daemon=True).start()
    _log = log
    for number, name in ((1, "stdout"), (2, "stderr")):
        ours = os.fdopen(os.dup(number), "w", buffering=1, errors="backslashreplace")
        setattr(sys, name, ours)
        os.dup2(log.fileno(), number)


def note_joined() -> None:
    """Note for the parent, if there is one, that all processes have met."""
    if _log is not None:
        os.write(_log.fileno(), _JOINED)


def _end_as(child: int, log: Any) -> NoReturn:
    for number in _SIGNALS:
        signal.signal(number, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGABRT:
        output = os.pread(log.fileno(), 1 << 20, 0)
        if line := _lost(output):
            code = LOST
        os.write(2, line or output)
    os._exit(code if code >= 0 else 128 - code)


def _lost(output: bytes) -> bytes | None:
    """One line on why JAX aborted; None if the reason was not a missing process."""
    if b"distributed service" not in output and b"coordination" not in output:
        return None
    if _JOINED in output:
        return f"nin: {LOST_PEER}\n".encode()
    return b"nin: not all processes came in time: start as many as were announced\n"


def _end_with_parent(pipe: int) -> None:
    """End this process when the parent ends: nobody writes to the pipe, which is then closed."""
    os.read(pipe, 1)
    os._exit(LOST)
