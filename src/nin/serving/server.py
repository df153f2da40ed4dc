"""A process that serves: uvicorn's server, and how it stops without losing a request."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from socket import socket
from types import FrameType
from typing import Any

import uvicorn

from nin.serving.connections import BACKLOG, Connection
from nin.serving.logs import logging_to_stderr
from nin.serving.process_memory import return_what_is_freed
from nin.serving.service import Service
from nin.serving.settings import Settings

log = logging.getLogger("nin.server")

#: Seconds between a signal to stop and refusing connections: ``/readyz`` returns 503 meanwhile,
#: load balancers send requests elsewhere, and responses close their connections.
NOTICE = 1.0

#: Signals that stop a server, in uvicorn's handlers and in ours.
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

#: Seconds between two log lines about the same shortage of resources.
_PAUSE = 10.0

_SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Server(uvicorn.Server):
    """uvicorn's server; when it stops, connections that wait to be accepted are handled, too.

    Attributes:
        loop: the event loop, once it serves.
    """

    loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begin to serve."""
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at the second signal drop connections, for which Python 3.12 would wait."""
        super().handle_exit(sig, frame)
        if self.force_exit and self.loop is not None:
            self.loop.call_soon_threadsafe(self._drop_connections)

    def _drop_connections(self) -> None:
        for each in [*self.server_state.connections]:
            each.transport.abort()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stop: accept what is queued, handle what has arrived, close."""
        listeners = [listener.dup() for listener in sockets or ()]
        for server in self.servers:
            server.close()
        # A connection between the last accept and the end of a listener is lost: do not wait here.
        queued = [each for listener in listeners for each in _accepted(listener)]
        loop, state = asyncio.get_running_loop(), self.lifespan.state
        connect = partial(
            Connection, config=self.config, server_state=self.server_state, app_state=state
        )
        for each in queued:
            each.setblocking(False)
            await loop.connect_accepted_socket(connect, each)
        await super().shutdown(sockets)


def _accepted(listener: socket) -> list[socket]:
    """The connections that wait to be accepted; the listener is closed."""
    queued = []
    with listener, suppress(OSError):  # BlockingIOError: nothing is left.
        while True:
            queued.append(listener.accept()[0])
    return queued


def config(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """uvicorn's configuration for an application."""
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=Connection,
        backlog=BACKLOG,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive,  # type: ignore[arg-type]  # seconds, as the loop's
        timeout_graceful_shutdown=int(3 * settings.limits.seconds) + 1,
        **more,
    )


def run(app: Any, settings: Settings, listener: socket) -> None:
    """Serve in this process until a signal stops it; end with success."""
    with _ending_with_success():
        Server(config(app, settings)).run([listener])


@contextmanager
def _ending_with_success() -> Iterator[None]:
    """Ignore the signals that stopped uvicorn, which it raises again once it has stopped."""
    before = {kind: signal.getsignal(kind) for kind in _STOPS}
    for kind, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(kind, lambda *_: None)
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


@contextmanager
def process_state(service: Service, quiet: bool, is_worker: bool = False) -> Iterator[None]:
    """The state of a process while it serves: where it logs, and what a signal does.

    Enter it in the event loop of a uvicorn server, which has set its own handlers by then.
    """
    return_what_is_freed()
    with logging_to_stderr(quiet):
        asyncio.get_running_loop().set_exception_handler(_Shortages())
        _announce_stop(service, is_worker)
        yield


def _announce_stop(service: Service, is_worker: bool) -> None:
    """On a signal, make a service unready at once and stop the server after `NOTICE`.

    The same signal again ends the wait for open requests, unless it is SIGHUP, which a terminal
    sends twice; workers leave this to their supervisor. The supervisor and a terminal may each send
    a signal, of different kinds. Closing the terminal stops the server, unless it was started with
    nohup.
    """
    loop, received = asyncio.get_running_loop(), set[int]()
    stop: Any = signal.getsignal(signal.SIGINT)

    def take(kind: int, _: FrameType | None) -> None:
        if kind in received:
            if kind == signal.SIGHUP or is_worker:
                return  # A terminal sends it twice; and a supervisor ends its workers itself.
            # Requests that are cut off now are not failures to log.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            stop(signal.SIGINT, None)  # uvicorn stops waiting at the second SIGINT that it takes.
            stop(signal.SIGINT, None)
        elif not received:
            service.is_ready = False
            known = signal.SIGTERM if kind == signal.SIGHUP else kind
            loop.call_soon_threadsafe(loop.call_later, NOTICE, stop, known, None)
        received.add(kind)

    for kind in _STOPS:
        if signal.getsignal(kind) is not signal.SIG_IGN:
            signal.signal(kind, take)


class _Shortages:
    """Logs the event loop's failures: shortages in one line now and then, all others in full.

    asyncio reports every connection that it could not accept, hundreds at a time.
    """

    _next = 0.0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in _SHORTAGES:
            loop.default_exception_handler(context)
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + _PAUSE
            log.warning("connections wait: %s", error.strerror)
