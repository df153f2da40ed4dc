"""The socket a server listens at."""

from __future__ import annotations

import errno
import socket

from nin.errors import NinError

#: Connections that the system keeps until they are accepted.
BACKLOG = 512

_REASONS = {
    errno.EADDRINUSE: "is in use: stop the other program, or give another --port (0: any)",
    errno.EACCES: "needs the rights of an administrator: give a --port from 1024 on",
    errno.EADDRNOTAVAIL: "is no address of this machine: --host 127.0.0.1 or 0.0.0.0 are",
}


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Args:
        host: name or address of this machine, IPv4 or IPv6.
        port: 0 for any that is free.

    Raises:
        NinError: it cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise NinError(f"--host {host}: no such host") from error
    family, *_, address = found[0]
    try:
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
        # Inherited by each connection: an answer's last piece must not wait for the client's word
        # that it has the first.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"cannot be listened at: {error.strerror or error}")
        raise NinError(f"{host}:{port} {reason}") from error


def address_of(listener: socket.socket) -> str:
    """Where the socket listens, as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
