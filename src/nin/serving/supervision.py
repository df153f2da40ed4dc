"""Several workers at one socket: those that die are replaced, all are stopped together."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from socket import socket

from prometheus_client.multiprocess import mark_process_dead

from nin.errors import NinError
from nin.serving.metrics import SHARED_FOLDER
from nin.serving.settings import Settings
from nin.serving.worker import work_for_another

log = logging.getLogger("nin.server")

#: A worker that ends sooner, in seconds, would do so again.
_YOUNG = 10.0


def supervise(settings: Settings, listener: socket, workers: int, folder: Path) -> None:
    """Have processes answer until SIGTERM or Ctrl-C.

    Args:
        settings: of each.
        listener: shared by all; the system gives a connection to one that is free.
        workers: how many.
        folder: where they leave their numbers.

    Raises:
        NinError: a worker died as soon as it was started.
    """
    os.environ[SHARED_FOLDER] = str(folder)
    with _signals() as told:
        living = [_start(settings, listener) for _ in range(workers)]
        try:
            while not told:
                for number, each in enumerate(living):
                    living[number] = _kept(each, settings, listener)
                connection.wait([each.sentinel for each, _ in living], timeout=0.2)
        finally:
            _stop([each for each, _ in living], told, 3 * settings.limits.seconds + 10)
            del os.environ[SHARED_FOLDER]


_Worker = tuple[BaseProcess, float]


def _start(settings: Settings, listener: socket) -> _Worker:
    process = get_context("spawn").Process(target=work_for_another, args=(settings, listener))
    process.start()
    return process, time.monotonic()


def _kept(worker: _Worker, settings: Settings, listener: socket) -> _Worker:
    """The worker, or another in its place."""
    process, started = worker
    if process.is_alive():
        return worker
    mark_process_dead(process.pid)  # type: ignore[no-untyped-call]
    if time.monotonic() - started < _YOUNG:
        raise NinError(f"a worker ended at its start, with code {process.exitcode}: see above")
    log.warning("worker %s ended with code %s: another is started", process.pid, process.exitcode)
    return _start(settings, listener)


def _stop(processes: list[BaseProcess], told: list[int], patience: float) -> None:
    """End them, in order; a second signal is passed on, and ends them at once."""
    for process in processes:
        process.terminate()
    deadline, passed = time.monotonic() + patience, len(told)
    while any(process.is_alive() for process in processes):
        connection.wait([each.sentinel for each in processes if each.is_alive()], timeout=0.2)
        if len(told) > passed or time.monotonic() > deadline:
            passed = len(told)
            for process in processes:
                process.kill()


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The signals to stop that have come, as they come."""
    told: list[int] = []
    kinds = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(kind, lambda number, _: told.append(number)) for kind in kinds]
    try:
        yield told
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)
