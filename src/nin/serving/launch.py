"""The server's start and end: one process, or several under uvicorn's supervisor of workers."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import connection, parent_process
from pathlib import Path
from socket import socket
from types import FrameType
from typing import Any

import uvicorn
from prometheus_client.multiprocess import mark_process_dead
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from nin.errors import NinError
from nin.inference import FilePredictor
from nin.serving.app import application
from nin.serving.connections import Connection
from nin.serving.logs import logging_to_stderr
from nin.serving.metrics import SHARED_FOLDER
from nin.serving.service import Service
from nin.serving.settings import Limits, Settings

log = logging.getLogger("nin.server")

#: Seconds for a worker to answer its supervisor, its start included; one that hangs is replaced.
PULSE = 30

#: Seconds between being told to stop and refusing connections: ``/readyz`` answers 503 meanwhile,
#: and whoever distributes requests sends them elsewhere.
NOTICE = 1.0

#: The file, beside the workers' metrics, in which a worker that cannot start says why.
_FAILURE = "failure.txt"


def serve(settings: Settings, listener: socket, workers: int, tell: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish the open requests and return.

    The same signal again does not wait for them.

    Args:
        settings: the network, limits and threads.
        listener: a listening socket; see `nin.serving.connections.listen`.
        workers: number of processes, each with its own limits; one that dies or hangs is replaced.
        tell: called with a description of the network once it is served.

    Raises:
        ExportError: there is no exported network at that path.
        NinError: a worker could not start.
    """
    if workers > 1:
        tell(summary(FilePredictor(settings.path, threads=1)))
        _supervise(settings, listener, workers)
        return
    predictor = FilePredictor(settings.path, threads=settings.threads)
    app = _application(settings, predictor)
    tell(summary(predictor))
    with _signals_taken():
        uvicorn.Server(_config(app, settings.limits)).run([listener])


def summary(predictor: FilePredictor) -> str:
    """A short description of the network."""
    height, width, channels = predictor.input_shape
    maps = "with class maps" if predictor.has_maps else "without class maps"
    name = predictor.description.get("name") or predictor.path.name
    return f"{name} ({len(predictor.classes)} classes, {height}×{width}×{channels}, {maps})"


def _application(settings: Settings, predictor: FilePredictor) -> ASGIApp:
    service = Service(predictor, settings.limits, settings.decoders)
    return application(service, settings.origins, settings.quiet, _process(service, settings.quiet))


@contextmanager
def _process(service: Service, quiet: bool) -> Iterator[None]:
    """The state of a process while it serves: where it logs, and what a signal does."""
    with logging_to_stderr(quiet):
        _announce_stop(service)
        yield


def _announce_stop(service: Service) -> None:
    """On SIGTERM or Ctrl-C, make a service unready at once and stop the server after `NOTICE`.

    The same signal again does not wait for open requests. A supervisor and a terminal may each send
    one, of different kinds.

    To be called in the event loop of a uvicorn server, which has set its own handlers by then.
    """
    loop, told = asyncio.get_running_loop(), set[int]()
    stop: Any = signal.getsignal(signal.SIGINT)

    def take(kind: int, _: FrameType | None) -> None:
        if kind in told:
            stop(signal.SIGINT, None)  # uvicorn stops waiting at the second SIGINT that it takes.
            stop(signal.SIGINT, None)
        elif not told:
            service.is_ready = False
            loop.call_soon_threadsafe(loop.call_later, NOTICE, stop, kind, None)
        told.add(kind)

    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, take)


def _config(app: Any, limits: Limits, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=int(3 * limits.seconds) + 1,
        **more,
    )


@contextmanager
def _signals_taken() -> Iterator[None]:
    """End with success: uvicorn raises the signals that stopped it again when it has stopped."""
    kinds = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(kind, lambda *_: None) for kind in kinds]
    try:
        yield
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)


def _supervise(settings: Settings, listener: socket, workers: int) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # Failures are told below.
    with tempfile.TemporaryDirectory(prefix="nin-serve-") as name:
        folder = os.environ[SHARED_FOLDER] = name
        start = partial(_start_worker, settings, Path(folder))
        more = {"factory": True, "workers": workers, "timeout_worker_healthcheck": PULSE}
        try:
            _Supervisor(_config(start, settings.limits, **more), [listener]).run()
        finally:
            del os.environ[SHARED_FOLDER]
        failure = Path(folder) / _FAILURE
        if failure.exists():
            raise NinError(f"a worker could not start: {failure.read_text(encoding='utf-8')}")


def _start_worker(settings: Settings, folder: Path) -> ASGIApp:
    """The application of one of several processes, which lives no longer than their supervisor."""
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        return _application(settings, FilePredictor(settings.path, threads=settings.threads))
    except Exception as error:  # noqa: BLE001  # whatever it is, another worker would fail likewise
        (folder / _FAILURE).write_text(str(error) or repr(error), encoding="utf-8")
        sys.exit(STARTUP_FAILURE)


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


class _Supervisor(Multiprocess):
    """uvicorn's; deaths are noticed at once, counted out, and the end has a time limit."""

    def init_processes(self) -> None:
        super().init_processes()
        self._close_their_ends()

    def keep_subprocess_alive(self) -> None:
        before = {process.pid for process in self.processes}
        super().keep_subprocess_alive()
        self._close_their_ends()
        for pid in before - {process.pid for process in self.processes}:
            log.warning("worker %s died: another was started", pid)
            mark_process_dead(pid)  # type: ignore[no-untyped-call]

    def _close_their_ends(self) -> None:
        """Else a worker that dies during a health check is waited for until the timeout."""
        for process in self.processes:
            process.child_conn.close()

    def join_all(self) -> None:
        """Wait for the workers to end; a second signal, or too long a time, ends them at once."""
        deadline = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) + 15
        while alive := [each for each in self.processes if each.process.is_alive()]:
            connection.wait([each.process.sentinel for each in alive], timeout=0.2)
            if self.signal_queue or time.monotonic() > deadline:
                for each in alive:
                    each.kill()
        super().join_all()

    def handle_hup(self) -> None:
        """The terminal was closed: stop, as one process would."""
        self.should_exit.set()
