"""One training by several processes: one of them, the chief, keeps the run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nin.backends.distribution import Layout
from nin.training.lock import locked
from nin.training.run import new_run


@contextmanager
def run_folder(layout: Layout, name: str, out: str | Path | None) -> Iterator[Path]:
    """The directory of a new run, locked; in the other processes one that is soon gone.

    They do all that the chief does, so that no step needs to know who is who; what they write
    nobody reads.

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
def run_folder_again(layout: Layout, path: Path) -> Iterator[Path]:
    """The directory of a run that goes on, locked; in the other processes a copy of it.

    Raises:
        RunError: another process is training there.
    """
    if layout.is_chief:
        with locked(path):
            yield path
    else:
        with tempfile.TemporaryDirectory(prefix="nin-") as scratch:
            yield Path(shutil.copytree(path, Path(scratch) / "run"))
