"""Processes that begin with everything imported: forked off one that waits, as TensorFlow is slow.

Each is a real process, to be killed as one is; but it need not spend seconds on its imports.
"""

from __future__ import annotations

import multiprocessing
import os

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["nin.training.pipeline", "nin.cli.entry_point"])
_started = []


def forked(folder, function, *arguments):
    """Start a process that calls a module's function in `folder`; what it prints is lost."""
    process = _FORKS.Process(target=_call, args=(folder, function, *arguments))
    process.start()
    _started.append(process)
    return process


def end_all():
    """Kill those that still run: Python would wait for them at its end, for ever."""
    while _started:
        process = _started.pop()
        process.kill()
        process.join(30)


def _call(folder, function, *arguments):
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.chdir(folder)
    function(*arguments)
