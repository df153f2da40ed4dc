"""A uvicorn server that says it is stopping before it stops, and ends with success."""

from __future__ import annotations

import socket
import time
from math import inf
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from nin.serving.connections import Connection
from nin.serving.service import Service

#: Seconds between being told to stop and closing the door: ``/readyz`` answers 503 meanwhile, and
#: whoever distributes requests sends them elsewhere.
NOTICE = 1.0


def run(app: ASGIApp, service: Service, listener: socket.socket) -> None:
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
