"""Connections that are not kept for clients who do nothing with them."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Connections at a time; each may hold 128 KiB that nobody has read or taken yet.
MOST = 256

#: Seconds for the head of a request to arrive, and for the rest of an answer to be taken.
PATIENCE = 10.0

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-type: application/json\r\ncontent-length: 34\r\n\r\n"
    b'{"detail":"too many connections"}\n'
)


class Connection(H11Protocol):
    """uvicorn's, with an end: what it leaves to wait for ever is dropped."""

    _check: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.write(_BUSY)
            transport.close()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Another request may follow."""
        self._wait()
        super().on_response_complete()

    def _wait(self) -> None:
        self._stop_waiting()
        self._check = self.loop.call_later(PATIENCE, self._lose_patience)

    def _stop_waiting(self) -> None:
        if self._check is not None:
            self._check.cancel()

    def _lose_patience(self) -> None:
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering and not self.transport.is_closing():
            self._wait()  # The application has time limits of its own.
        else:
            self.transport.abort()
