"""What a server is told at its start: the network, its limits, threads, who may ask."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import joblib

from nin.errors import NinError

#: As a browser states it: a scheme and a host, perhaps a port, in small letters, and nothing more.
_ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[^\sA-Z/?#@]+")


class Limits(NamedTuple):
    """What one worker takes on at most; beyond it a request is refused, and nothing grows.

    Attributes:
        body: bytes of one request.
        pixels: of one image, as its header states them: it is refused before it is decoded.
        queue: images of all requests that are decoded, waiting or computed.
        seconds: for a request's body to arrive, and as many again for its answer.
    """

    body: int = 16 * 2**20
    pixels: int = 40_000_000
    queue: int = 128
    seconds: float = 30.0

    @property
    def images(self) -> int:
        """Images of one request."""
        return min(32, self.queue)

    @property
    def held(self) -> int:
        """Bytes of all requests whose images are not answered yet."""
        return 8 * self.body

    @property
    def answer(self) -> int:
        """Bytes of the class maps in one answer."""
        return 2 * self.body


class Settings(NamedTuple):
    """A server, in what can be sent to another process.

    Attributes:
        path: the exported network.
        limits: of each worker.
        origins: web origins whose pages may ask; ``"*"``: all.
        quiet: no line a request.
        threads: that compute one batch.
        decoders: threads that decode.
    """

    path: Path
    limits: Limits = Limits()
    origins: tuple[str, ...] = ()
    quiet: bool = False
    threads: int = 1
    decoders: int = 2


def checked_origins(origins: Sequence[str]) -> tuple[str, ...]:
    """Web origins that a browser can state; any other would allow nobody.

    Raises:
        NinError: one of them is none.
    """
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise NinError(
                f"--allow-origin {origin!r} is no origin: https://example.org is one, in small"
                " letters, without a path or a slash behind it; * is for all"
            )
    return tuple(origins)


class Threads(NamedTuple):
    """Of one worker.

    Attributes:
        computing: for one batch.
        decoding: for pictures; each may hold a whole one, decoded.
    """

    computing: int
    decoding: int


def share(workers: int) -> Threads:
    """An even share of the cores this process may use, containers' limits included."""
    cores = max(1, joblib.cpu_count() // workers)
    return Threads(computing=cores, decoding=min(4, cores))
