"""The listening socket, and limits on the number and the time of connections."""

from __future__ import annotations

import asyncio
import errno
import http
import logging
import socket

from uvicorn.protocols.http.h11_impl import H11Protocol

from nin.errors import NinError
from nin.serving.access import HEADERS

log = logging.getLogger("nin.server")

#: Connections that the system queues until they are accepted.
BACKLOG = 512

_REASONS = {
    errno.EADDRINUSE: "is in use: stop the other program, or give another --port (0: any)",
    errno.EACCES: "needs the rights of an administrator: give a --port from 1024 on",
    errno.EADDRNOTAVAIL: "is not an address of this machine: --host 127.0.0.1 or 0.0.0.0 are",
}


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Args:
        host: name or address of this machine, IPv4 or IPv6.
        port: 0 for any that is free.

    Raises:
        NinError: it is not possible to listen on this host and port.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise NinError(f"--host {host}: no such host") from error
    family, *_, address = found[0]
    try:
        listener = socket.create_server(address, family=family, backlog=BACKLOG)
        # Inherited by each connection: a response's last piece must not wait until the client
        # has acknowledged the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"cannot be listened at: {error.strerror or error}")
        raise NinError(f"{host}:{port} {reason}") from error


def address_of(listener: socket.socket) -> str:
    """The socket's address as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


#: Connections at a time; each may buffer 128 KiB. One more closes the one that was idle longest.
MAX_CONNECTIONS = 256

#: Seconds for the head of a request to arrive, and for the client to take the rest of a response.
TIMEOUT = 10.0

#: Seconds that a stopping server waits for a connection's first request.
GRACE = 1.0


class Connection(H11Protocol):
    """uvicorn's protocol with time limits; on shutdown it waits for a new client's request."""

    _check: asyncio.TimerHandle | None = None
    _idle_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS and not self._make_room():
            self._refuse(503, b"too many connections", b"retry-after: 1\r\n")
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has disconnected."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have arrived."""
        if self._idle_since is not None:
            self._idle_since = None
            self._wait()
        super().data_received(data)

    def on_response_complete(self) -> None:
        """A response was sent; another request may follow."""
        self._idle_since = self.loop.time()
        self._wait()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """What arrived is not HTTP."""
        log.info("%s invalid HTTP 400", (self.client or ("-",))[0])
        if self._is_responding and self.cycle.response_started:
            self.transport.close()
        else:
            self._refuse(400, b"this is not HTTP/1.1")

    def shutdown(self) -> None:
        """The server stops; the first request of a client that has just connected is handled."""
        if self.cycle is None and not self.transport.is_closing():
            self.loop.call_later(GRACE, super().shutdown)
        else:
            super().shutdown()

    def _make_room(self) -> bool:
        """Close the connection that has been idle longest, if there is one."""
        idle = [each for each in self.connections if isinstance(each, Connection) and each._is_idle]
        if not idle:
            return False
        oldest = min(idle, key=lambda each: each._idle_since or 0.0)
        oldest.transport.abort()
        return True

    def _refuse(self, status: int, why: bytes, more: bytes = b"") -> None:
        """Respond and close, without the application."""
        phrase = http.HTTPStatus(status).phrase.encode()
        body = b'{"detail":"%s"}' % why
        lines = b"".join(b"%s: %s\r\n" % header for header in HEADERS.items())
        self.transport.write(
            b"HTTP/1.1 %d %s\r\n%s%sconnection: close\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n%s" % (status, phrase, more, lines, len(body), body)
        )
        self.transport.close()

    def _wait(self) -> None:
        self._stop_waiting()
        self._check = self.loop.call_later(TIMEOUT, self._time_out)

    def _stop_waiting(self) -> None:
        if self._check is not None:
            self._check.cancel()

    def _time_out(self) -> None:
        if self._is_responding and not self.transport.is_closing():
            self._wait()  # The application has time limits of its own.
        elif self._idle_since is None or self.transport.is_closing() or self._has_unsent:
            self.transport.abort()

    @property
    def _is_responding(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _is_idle(self) -> bool:
        """Whether it may be closed, and is not being closed already."""
        waits = self._idle_since is not None and not self._is_responding
        return waits and not self.transport.is_closing() and not self._has_unsent

    @property
    def _has_unsent(self) -> bool:
        return self.transport.get_write_buffer_size() > 0
