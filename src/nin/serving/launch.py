"""The server's start and end: one process, or several that are replaced when they die."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from multiprocessing import connection, get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from socket import socket
from types import FrameType

import uvicorn
from prometheus_client.multiprocess import mark_process_dead
from starlette.types import ASGIApp

from nin.errors import NinError
from nin.inference import FilePredictor
from nin.serving.app import application
from nin.serving.connections import Connection
from nin.serving.logs import logging_to_stderr
from nin.serving.metrics import SHARED_FOLDER
from nin.serving.service import Service
from nin.serving.settings import Settings

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


def work(settings: Settings, listener: socket, tell: Callable[[str], None] | None = None) -> None:
    """Answer until SIGTERM or Ctrl-C.

    Args:
        settings: what to serve, and how.
        listener: where clients come.
        tell: called with what is served, once it is.
    """
    with logging_to_stderr(settings.quiet):
        predictor = FilePredictor(settings.path, threads=settings.threads)
        service = Service(predictor, settings.limits, settings.decoders)
        app = application(service, settings.origins, settings.quiet)
        if tell is not None:
            tell(summary(predictor))
        run(app, service, listener)


def work_for_another(settings: Settings, listener: socket) -> None:
    """What each of several processes does: `work`, for as long as the one that started it lives."""
    threading.Thread(target=_follow_parent, daemon=True).start()
    work(settings, listener)


def summary(predictor: FilePredictor) -> str:
    """What is served, in a few words."""
    height, width, channels = predictor.input_shape
    maps = "with class maps" if predictor.has_maps else "without class maps"
    name = predictor.description.get("name") or predictor.path.name
    return f"{name} ({len(predictor.classes)} classes, {height}×{width}×{channels}, {maps})"


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


#: Seconds between being told to stop and closing the door: ``/readyz`` answers 503 meanwhile, and
#: whoever distributes requests sends them elsewhere.
NOTICE = 1.0


def run(app: ASGIApp, service: Service, listener: socket) -> None:
    """Answer until SIGTERM or Ctrl-C; the same signal again does not wait for open requests."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=int(3 * service.limits.seconds) + 1,
    )
    _Server(config, service).run([listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service, self._told, self._end = service, 0, inf

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal; a supervisor and a terminal may both send one, of different kinds."""
        if self._told == sig:
            self.should_exit = self.force_exit = True
        elif not self._told:
            self._told, self._end = sig, time.monotonic() + NOTICE
            self._service.is_ready = False

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop; asked ten times a second."""
        return await super().on_tick(counter) or time.monotonic() >= self._end


def serve(settings: Settings, listener: socket, workers: int, tell: Callable[[str], None]) -> None:
    """Answer until SIGTERM or Ctrl-C, then finish what has been taken and return.

    Args:
        settings: what to serve, and how.
        listener: where clients come; see `nin.serving.connections.listen`.
        workers: processes; each has limits of its own.
        tell: called with what is served, once it is.

    Raises:
        ExportError: there is no exported network at that path.
    """
    if workers == 1:
        work(settings, listener, tell)
        return
    tell(summary(FilePredictor(settings.path, threads=1)))
    with tempfile.TemporaryDirectory(prefix="nin-serve-") as folder:
        supervise(settings, listener, workers, Path(folder))
