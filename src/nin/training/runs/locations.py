"""Finds the files that a record names: paths may be relative, and a run may have moved."""

from __future__ import annotations

import os
from pathlib import Path

from nin.data.storage.url_path import source_path
from nin.files import expand
from nin.training.runs.run_format import RunRecord, SessionRecord
from nin.urls import is_url


def base_of(run: Path) -> SessionRecord:
    """What paths in the record of a run are relative to, ready for JSON.

    Args:
        run: the run directory.

    Returns:
        ``directory``, the working directory; and ``directory_from_run``, the relative path from the
        run to it, so that a run that moves together with its images still finds them.
    """
    here = Path.cwd()
    return {
        "directory": str(here),
        "directory_from_run": os.path.relpath(here, run.resolve()),
    }


def candidates(name: str, run: Path, record: RunRecord) -> list[Path]:
    """The paths where a file or folder that a record names may be, the likeliest first.

    These are its places in each session of the training, the latest first: relative to the run,
    which may have moved together with it, and then its absolute path. The working directory comes
    last. Earlier records hold no directory: for them it is the working directory or one of the two
    above the run.

    Args:
        name: as it is recorded: absolute, or relative to the directory of a session.
        run: the run directory.
        record: what its ``run.json`` holds.
    """
    if is_url(name):
        return [source_path(name)]
    path, run = expand(name), run.resolve()
    bases = [
        (Path(session["directory"]), session["directory_from_run"])
        for session in reversed(record.get("sessions", ()))
        if "directory" in session
    ]
    places = []
    for directory, way in bases:
        places.append(run / way / os.path.relpath(directory / path, directory))
        places.append(directory / path)
    places.append(Path.cwd() / path)
    if not bases:
        places += [run.parent / path, run.parent.parent / path]
    return list(dict.fromkeys(Path(os.path.normpath(place)) for place in places))


def locate(name: str, run: Path, record: RunRecord) -> Path:
    """The first of the `candidates` that exists; the first of all if none does."""
    places = candidates(name, run, record)
    return next((place for place in places if place.exists()), places[0])
