"""The outermost middleware: headers, a log line per request, and limits for stalling clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nin.serving.access import HEADERS
from nin.serving.metrics import Metrics

log = logging.getLogger("nin.server")

#: Seconds for which the rest of a refused body is read and discarded: if the connection were closed
#: while the client is still sending, the response could be lost.
LINGER = 2.0

#: Bytes of a response that are given to the connection at a time.
PIECE = 2**16
#: A client has its time limit for each of this many bytes of a response.
SHARE = 2**23

#: Status in the log and the metrics: the client went away, or did not take its response.
_GONE = 499


#: The headers that state how long a body is.
_LENGTHS = {b"content-length", b"transfer-encoding"}


class RequestMiddleware:
    """ASGI middleware that sets headers, logs and counts requests, and drops stalling clients.

    Args:
        app: the application.
        metrics: where requests are counted.
        seconds: time limit for a client to take its response, or 8 MiB of it.
        quiet: whether to log no requests.
        is_stopping: returns whether to close connections after their next response, because the
            server is stopping.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        seconds: float,
        quiet: bool,
        is_stopping: Callable[[], bool],
    ) -> None:
        self.app, self._metrics, self._seconds, self._quiet = app, metrics, seconds, quiet
        self._is_stopping = is_stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self._seconds, self._is_stopping)
        # For HEAD, uvicorn sends the response to GET without its body.
        method = scope["method"]
        scope = {**scope, "method": "GET"} if method == "HEAD" else scope
        started = time.perf_counter()
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            exchange.status = _GONE
        except Exception:
            log.exception("%s %s failed", method, _path(scope))
        finally:
            self._note(method, scope, exchange.status, time.perf_counter() - started)

    def _note(self, method: str, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.requests.labels(route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if not self._quiet:
            client = (scope.get("client") or ("-",))[0]
            what = (client, method, _path(scope), status, 1000 * seconds)
            log.info("%s %s %s %d %.0f ms", *what)


class _Exchange:
    """One request and its response."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        seconds: float,
        is_stopping: Callable[[], bool],
    ) -> None:
        self.status = _GONE
        self._receive, self._send, self._seconds = receive, send, seconds
        self._is_stopping = is_stopping
        # If the length is stated twice, another request may be hidden in this one (RFC 9112, 6.1).
        self._is_ambiguous = {name for name, _ in scope["headers"]} >= _LENGTHS
        headers = {name for name, value in scope["headers"] if value != b"0"}
        self._has_more = bool(headers & _LENGTHS)

    async def receive(self) -> Message:
        message = await self._receive()
        self._has_more = message["type"] == "http.request" and message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start(message)
            await self._send(message)
        elif message["type"] == "http.response.body":
            await self._body(message.get("body", b""), message.get("more_body", False))

    def _start(self, message: Message) -> None:
        self.status = message["status"]
        headers = message["headers"] = [*message.get("headers", [])]
        stated = {name.lower() for name, _ in headers}
        headers += [each for each in HEADERS.items() if each[0] not in stated]
        if self._has_more or self._is_ambiguous or self._is_stopping():
            headers.append((b"connection", b"close"))

    async def _body(self, body: bytes, more: bool) -> None:
        try:
            async with asyncio.timeout(self._seconds * (1 + len(body) // SHARE)):
                for first in range(0, len(body), PIECE):
                    piece = {"type": "http.response.body", "body": body[first : first + PIECE]}
                    await self._send({**piece, "more_body": True})
        except TimeoutError as error:
            raise ClientDisconnect from error
        if not more:
            await self._linger()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while self._has_more:
                    await self.receive()


def _path(scope: Scope) -> str:
    """The path as it was sent, escaped so that it stays on one line."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("unicode_escape")
    return raw[:200].decode("ascii", "backslashreplace")
