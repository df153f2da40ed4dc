"""One process at a time in a run directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nin.errors import RunError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from training in the directory `path` while the block runs.

    The lock belongs to the process, not to a file: nothing is left behind, and a process that is
    killed gives it up.

    Raises:
        RunError: another process has it.
    """
    folder = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(folder)
        raise RunError(
            f"{path} is in use: another process is training there; wait for it, or stop it"
        ) from error
    except OSError:
        pass  # A file system without locks.
    try:
        yield
    finally:
        os.close(folder)
