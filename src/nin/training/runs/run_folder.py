"""Makes and locks the directory of a run, for one process at a time."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nin import files
from nin.backends.distribution import Layout
from nin.errors import Advice, Argument, RunError


def check_free(out: str | Path | None) -> None:
    """Refuse a directory that `new_run` would refuse, before anything is done.

    Raises:
        RunError: it is not empty.
    """
    if out is not None and files.expand(out).is_dir():
        _refuse_full(files.expand(out))


def new_run(name: str, out: str | Path | None = None) -> Path:
    """Make an empty run directory and return its path.

    Args:
        name: the directory is called ``runs/<name>-<number>``.
        out: the directory to use instead; it must be new or empty.

    Raises:
        RunError: the directory is in use, or cannot be made.
    """
    try:
        return _numbered(name) if out is None else _given(files.expand(out))
    except OSError as error:
        raise RunError(
            f"cannot make the run directory {error.filename}: {error.strerror}"
        ) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from training in the directory `path` while the block runs.

    Raises:
        RunError: another process is training there.
    """
    problem = f"{path} is in use: another process is training there; wait for it, or stop it"
    with files.locked(path, RunError(problem)):
        yield


@contextmanager
def new_run_folder(layout: Layout, name: str, out: str | Path | None) -> Iterator[Path]:
    """The directory of a new run, locked; in all processes but the chief, a temporary one.

    The other processes do all that the chief does, so that no step needs to tell them apart; nobody
    reads what they write.

    Raises:
        RunError: the directory cannot be used.
    """
    if layout.is_chief:
        path = new_run(name, out)
        with locked(path):
            yield path
    else:
        with tempfile.TemporaryDirectory(prefix="nin-") as scratch:
            yield Path(scratch)


@contextmanager
def resumed_run_folder(layout: Layout, path: Path) -> Iterator[Path]:
    """The directory of a resumed run, locked; in all processes but the chief, a copy of it.

    Raises:
        RunError: another process is training there.
    """
    if layout.is_chief:
        with locked(path):
            yield path
    else:
        with tempfile.TemporaryDirectory(prefix="nin-") as scratch:
            yield Path(shutil.copytree(path, Path(scratch) / "run"))


def _numbered(name: str) -> Path:
    runs, number = Path("runs"), 1
    runs.mkdir(exist_ok=True)
    while True:
        path = runs / f"{name}-{number}"
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
        else:
            return path


def _given(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    _refuse_full(path)
    return path


def _refuse_full(path: Path) -> None:
    if any(path.iterdir()):
        way = Advice("continue with {}", Argument("resume", shlex.quote(str(path))))
        raise RunError(f"{path} is not empty", "name a new directory", way)
