"""Graceful shutdown: a signal to stop is announced before it is obeyed."""

from __future__ import annotations

import asyncio
import signal
from types import FrameType
from typing import Any

from nin.serving.service import Service

#: Seconds between being told to stop and refusing connections: ``/readyz`` answers 503 meanwhile,
#: and whoever distributes requests sends them elsewhere.
NOTICE = 1.0


def announce_stop(service: Service) -> None:
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
