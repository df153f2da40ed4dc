"""Limits how long a response may take: to some seconds, and to as long as its client waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request


@asynccontextmanager
async def within(seconds: float, request: Request) -> AsyncIterator[None]:
    """Cancel the block if it takes too long, or if its client goes away.

    Args:
        seconds: time limit of the block.
        request: its body must have been read.

    Raises:
        TimeoutError: it took longer.
        ClientDisconnect: the client went away.
    """
    is_gone = False

    async def watch() -> None:
        nonlocal is_gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        is_gone = True
        deadline.reschedule(0)

    try:
        async with asyncio.timeout(seconds) as deadline:
            watching = asyncio.create_task(watch())
            try:
                yield
            finally:
                watching.cancel()
    except TimeoutError as error:
        if is_gone:
            raise ClientDisconnect from error
        raise
