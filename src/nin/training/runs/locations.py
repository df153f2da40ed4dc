"""Where the files are that a record names: a path may be relative, and a run may have moved."""

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
        ``directory``, where this process works; and ``directory_from_run``, the way there from the
        run, so that a run that moves together with its images still finds them.
    """
    here = Path.cwd()
    return {
        "directory": str(here),
        "directory_from_run": os.path.relpath(here, run.resolve()),
    }


def candidates(name: str, run: Path, record: RunRecord) -> list[Path]:
    """Where a file or folder that a record names may be, the likeliest place first.

    They are where it was in the latest session of the training, and in those before: first relative
    to the run, which may have moved together with it, then where it was itself; and, for want of
    anything else, where this process works. Earlier records do not hold where the training
    was: there it is this process's directory, or one of the two above the run.

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
