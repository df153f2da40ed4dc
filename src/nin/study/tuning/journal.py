"""The journal of a search: Optuna's file, repaired after a process was killed."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from nin.errors import NinError, RunError
from nin.installing import install_line


def optuna() -> ModuleType:
    """Optuna, with its log messages turned off.

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
    """The storage in the file `path`, which is created if there is none.

    Call it only while holding the folder's lock: it removes the lock of Optuna that a killed
    process has left, and an incomplete last line.

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
