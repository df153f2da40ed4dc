"""The settings of a server: the network, limits, threads, and who may use it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from nin.errors import NinError

#: Seconds to keep idle connections: longer than proxies do, usually 60. If the server closed one
#: just as a proxy sends a request on it, the proxy would respond with 502.
KEEP_ALIVE = 75.0


class Limits(NamedTuple):
    """The limits of one worker; a request beyond them is refused, and memory stays bounded.

    Attributes:
        body: bytes per request.
        pixels: per image, as its header states them: a larger image is refused before it is
            decoded. Phones of 50 megapixels make up to 50.4 million.
        queue: images of all requests that are being decoded, waiting or being computed.
        seconds: for a request's body to arrive, and as many again for its response.
    """

    body: int = 16 * 2**20
    pixels: int = 51_000_000
    queue: int = 256
    seconds: float = 30.0

    @property
    def images(self) -> int:
        """Images per request."""
        return min(32, self.queue)

    @property
    def held(self) -> int:
        """Bytes of all requests that are being handled."""
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
        hosts: host names that requests may use; see `nin.serving.access.checked_hosts`.
        keep_alive: seconds for which an idle connection is kept.
        quiet: whether to log no requests.
        threads: number of threads that compute one batch.
        decoders: number of threads that decode.
        trust: whether `path` may be a SavedModel.
        name: of the network in ``/v2/models/NAME``; None for the name that it was exported with.
    """

    path: Path
    limits: Limits = Limits()
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] | None = None
    keep_alive: float = KEEP_ALIVE
    quiet: bool = False
    threads: int = 1
    decoders: int = 2
    trust: bool = False
    name: str | None = None


def check_name(name: str | None) -> None:
    """Refuse a name for the network that cannot be part of a URL; None stands for its own name.

    Raises:
        NinError: the name has other characters.
    """
    if name is not None and not re.fullmatch(r"[A-Za-z0-9._-]{1,255}", name):
        raise NinError(f"--name {name!r}: give letters, digits, “.”, “_” and “-” only")


class Threads(NamedTuple):
    """The threads of one worker.

    Attributes:
        computing: number of threads per batch.
        decoding: number of threads for image files; each may hold a whole decoded image.
    """

    computing: int
    decoding: int


def threads_per_worker(workers: int) -> Threads:
    """The threads of each worker, so that all workers together fit the processor.

    Counts the cores that this process may use, containers' limits included.
    """
    import joblib

    cores = max(1, joblib.cpu_count() // workers)
    return Threads(computing=cores, decoding=min(4, cores))
