"""Where a result comes from: versions, machine and command of every session of a training."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nin import backends
from nin._version import __version__
from nin.training.runs.locations import base_of
from nin.training.runs.run_format import RunRecord, SessionRecord
from nin.urls import argument_without_credentials


def versions() -> dict[str, str]:
    """Versions of the software that a training with Keras uses."""
    backend = backends.choose()
    return {
        **versions_of("keras", "numpy"),
        "backend": backend,
        backend: backends.current().version(),
    }


def versions_of(*packages: str) -> dict[str, str]:
    """Versions of Python, of this package and of some others."""
    named = {name: importlib.metadata.version(name) for name in packages}
    return {"python": platform.python_version(), "nin": __version__, **named}


def device(gpus: int | None = None) -> dict[str, Any]:
    """The machine: processor, number of cores that this process may use, number and name of GPUs.

    Args:
        gpus: how many GPUs are used; None for all those of the backend.
    """
    gpus = backends.num_gpus() if gpus is None else gpus
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": _cores(),
        "gpus": gpus,
        **({"gpu": backends.current().gpu_name()} if gpus else {}),
    }


def session(
    run: Path, epoch: int, versions: Mapping[str, str], device: Mapping[str, Any]
) -> SessionRecord:
    """The record's entry for the part of a training that begins now, ready for JSON.

    Args:
        run: the run directory.
        epoch: number of epochs that the run already has.
        versions: versions of the software used.
        device: the machine.

    Returns:
        ``epoch``, ``versions``, ``device``, ``command``, and the directory that paths are relative
        to; see `nin.training.runs.locations.base_of`.
    """
    return {
        "epoch": epoch,
        "versions": dict(versions),
        "device": dict(device),
        "command": command(),
        **base_of(run),
    }


def sessions_of(record: RunRecord) -> list[SessionRecord]:
    """The sessions of a training, in order; for an earlier record, one with what is known."""
    if "sessions" in record:
        return [*record["sessions"]]
    first: SessionRecord = {"epoch": 0}
    for key in ("versions", "device", "command"):
        if key in record:
            first[key] = record[key]
    return [first]


def command() -> str:
    """The command line of this process, ready to be typed again."""
    program, *arguments = sys.argv
    if program in ("", "-", "-c"):  # Interactive, from standard input, or a string.
        return "python"
    path = Path(program).resolve()
    words = [path.name]
    if path.name == "__main__.py":
        words = ["python", "-m", path.parent.name]
    elif path.suffix == ".py":
        words = ["python", f"{path.parent.name}/{path.name}"]
    return shlex.join(map(argument_without_credentials, [*words, *arguments]))


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
