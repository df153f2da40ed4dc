"""The settings of a server: the network, limits, threads, and which web pages may use it."""

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
    """The limits of one worker; a request beyond them is refused, and memory stays bounded.

    Attributes:
        body: bytes per request.
        pixels: per image, as its header states them: it is refused before it is decoded. Phones of
            50 megapixels make up to 50.4 million.
        queue: images of all requests that are being decoded, waiting or being computed.
        seconds: for a request's body to arrive, and as many again for its response.
    """

    body: int = 16 * 2**20
    pixels: int = 51_000_000
    queue: int = 128
    seconds: float = 30.0

    @property
    def images(self) -> int:
        """Images per request."""
        return min(32, self.queue)

    @property
    def held(self) -> int:
        """Bytes of all requests that are not answered yet."""
        return 8 * self.body

    @property
    def maps(self) -> int:
        """Bytes of the class maps per response."""
        return 2 * self.body


class Settings(NamedTuple):
    """The settings of a server, which can be sent to another process.

    Attributes:
        path: the exported network.
        limits: of each worker.
        origins: web origins whose pages may send requests; ``"*"`` for all.
        quiet: whether requests are not logged.
        threads: per batch that is computed.
        decoders: number of threads that decode.
    """

    path: Path
    limits: Limits = Limits()
    origins: tuple[str, ...] = ()
    quiet: bool = False
    threads: int = 1
    decoders: int = 2


def checked_origins(origins: Sequence[str]) -> tuple[str, ...]:
    """Check that these are web origins as a browser sends them; any other would allow nobody.

    Raises:
        NinError: one of them is not.
    """
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise NinError(
                f"--allow-origin {origin!r} is no origin: https://example.org is one, in small"
                " letters, without a path or a slash behind it; * is for all"
            )
    return tuple(origins)


class Threads(NamedTuple):
    """The threads of one worker.

    Attributes:
        computing: per batch.
        decoding: for image files; each may hold a whole decoded one.
    """

    computing: int
    decoding: int


def share(workers: int) -> Threads:
    """The threads per worker, so that all workers together fit the processor.

    Counts the cores that this process may use, containers' limits included.
    """
    cores = max(1, joblib.cpu_count() // workers)
    return Threads(computing=cores, decoding=min(4, cores))
