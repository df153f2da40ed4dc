"""The journal of a search: Optuna's file, whole again after a process was killed."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from nin.errors import NinError, RunError
from nin.installing import install_line


def optuna() -> ModuleType:
    """Optuna, quiet.

    Raises:
        NinError: it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise NinError(f"tuning needs Optuna: {install_line('tune')}") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def open_journal(path: Path) -> Any:
    """The storage in the file `path`, which is made if there is none.

    To be called by one process at a time, which holds the folder's lock: the lock of Optuna that a
    killed process has left is taken away, and so is half a line at the end.

    Raises:
        RunError: the file is damaged.
    """
    storages = optuna().storages
    lock = path.with_name(f"{path.name}.lock")
    lock.unlink(missing_ok=True)
    if path.exists():
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with path.open("r+b") as file:
                file.truncate(len(whole))
    backend = storages.journal.JournalFileBackend
    try:
        return storages.JournalStorage(backend(str(path)))
    except (ValueError, KeyError, AssertionError) as error:
        raise RunError(f"{path} is damaged ({error}): delete it to get a fresh one") from error
