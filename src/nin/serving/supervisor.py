"""Several processes that serve one address, under uvicorn's supervisor of workers."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import connection
from socket import socket

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from nin.serving.metrics import forget_worker
from nin.serving.server import Server

log = logging.getLogger("nin.server")

#: Seconds for a worker to respond, its start included; one that hangs is replaced.
PULSE = 30

#: Signals that, when they come again, end the wait for workers.
_STOPS = {signal.SIGINT, signal.SIGTERM}

#: If this many workers in a row die before any has served, none is expected to.
MOST_FAILURES = 3

#: Seconds between two attempts to replace a worker that could not start while others serve.
RETRY = 5.0


class Worker(Process):
    """A process that serves.

    Attributes:
        has_served: whether it has taken requests.
    """

    has_served = False

    def target(self, sockets: list[socket] | None = None) -> None:
        """Run our server, which must exist before the thread that reports on it starts."""
        self._server = Server(config=self.config)
        super().target(sockets)

    def pong(self) -> None:
        """Respond once the event loop does: this thread would respond even if the loop hangs."""
        self.child_conn.recv()
        server = self.server
        if isinstance(server, Server) and server.loop is not None:
            turned = threading.Event()
            with suppress(RuntimeError):  # The loop is closed: the server has stopped.
                server.loop.call_soon_threadsafe(turned.set)
                while not turned.wait(1) and not server.loop.is_closed():
                    pass
        self.child_conn.send(server.started)

    def check(self, timeout: float) -> bool:
        """Whether it is alive and responds in time."""
        is_alive = self.is_alive(timeout)
        if is_alive and not self.has_served:
            self.has_served = self.is_ready(timeout)
        return is_alive


class Supervisor(Multiprocess):
    """uvicorn's supervisor; a worker that dies is replaced at once, at any time.

    It ends on a signal, or when no worker can start.

    Args:
        config: of every worker's server; `workers` is their number.
        sockets: listening sockets that all share.
        on_ready: called once, when the first worker takes requests.
    """

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket], on_ready: Callable[[], None]
    ) -> None:
        hangup = signal.getsignal(signal.SIGHUP)
        super().__init__(config, sockets)
        if hangup is signal.SIG_IGN:  # nohup
            signal.signal(signal.SIGHUP, hangup)
        self.has_given_up = self.has_served = False
        self._on_ready = on_ready
        self._failures, self._next = 0, 0.0

    def init_processes(self) -> None:
        """Start the workers."""
        self.processes = [self._start() for _ in range(self.processes_num)]

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that have died or hang."""
        timeout = self.config.timeout_worker_healthcheck
        for place, worker in enumerate(self.processes):
            if self.should_exit.is_set() or self.signal_queue:  # Handled before the next check.
                return
            assert isinstance(worker, Worker)
            if worker.check(timeout):
                if worker.has_served:
                    self._note_serving()
            elif time.monotonic() >= self._next:
                self._replace(place, worker)

    def _note_serving(self) -> None:
        self._failures = 0
        if not self.has_served:
            self.has_served = True
            self._on_ready()

    def _replace(self, place: int, worker: Worker) -> None:
        worker.kill()
        worker.join()
        forget_worker(worker.pid, worker.has_served)
        if not worker.has_served:
            self._failures += 1
            others = [each for each in self.processes if each is not worker]
            if not any(isinstance(each, Worker) and each.has_served for each in others):
                failed = worker.exitcode == STARTUP_FAILURE  # Another would fail, too.
                self.has_given_up = failed or self._failures >= MOST_FAILURES
                if self.has_given_up:
                    self.should_exit.set()
                    return
            self._next = time.monotonic() + RETRY
        log.warning("worker %s died: another was started", worker.pid)
        self.processes[place] = self._start()

    def _start(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.start()
        # Otherwise a worker that dies during a health check is waited for until the timeout.
        worker.child_conn.close()
        return worker

    def terminate_all(self) -> None:
        """Stop the workers; connections that they have not accepted by then are lost."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def handle_signals(self) -> None:
        """Handle the signals that came; a stop that came twice is left for `join_all`."""
        again = [kind for kind in _STOPS if self.signal_queue.count(kind) > 1]
        super().handle_signals()
        self.signal_queue += again

    def join_all(self) -> None:
        """Wait for the workers to end; a second SIGINT or SIGTERM, or too long a time, ends them at
        once.
        """
        deadline = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) + 15
        while alive := [each for each in self.processes if each.process.is_alive()]:
            connection.wait([each.process.sentinel for each in alive], timeout=0.2)
            # uvicorn queues other signals as well, such as that of a resized window.
            if _STOPS & {*self.signal_queue} or time.monotonic() > deadline:
                for each in alive:
                    each.kill()
        super().join_all()

    def handle_hup(self) -> None:
        """The terminal was closed: stop, as one process would."""
        self.should_exit.set()

    def handle_ttin(self) -> None:
        """The number of workers stays as it is."""

    handle_ttou = handle_ttin
