"""`DecodingProcess`: decodes pictures of unknown cost where decoding can be ended.

A thread cannot be stopped while it is in a decoder's C code; a process can.
"""

from __future__ import annotations

import signal
import threading
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from nin.data.decode import Fit, decode
from nin.errors import DataError
from nin.inference.engines import Images

#: Seconds for one picture.
SECONDS = 5.0

#: Bytes of memory that the process may take for it, where the system can limit that.
MEMORY = 3 * 2**30


class DecodingProcess:
    """One process, started when it is first needed, and again after it had to be ended.

    Args:
        size: side of the result, in pixels.
        channels: 1 or 3.
        fit: which part of a picture is used; see `nin.data.decode.decode`.
        pixels: that a picture may have.
        seconds: that a picture may take.
    """

    def __init__(
        self, size: int, channels: int, fit: Fit, pixels: int, seconds: float = SECONDS
    ) -> None:
        self._arguments, self._seconds = (size, channels, fit, pixels), seconds
        self._lock = threading.Lock()
        self._process: Any = None
        self._pipe: Connection | None = None

    def decode(self, content: bytes) -> Images:
        """Decode a picture; one at a time, others wait.

        Raises:
            DataError: it cannot be read, or not in time; the message of one with too many pixels
                says so.
        """
        with self._lock:
            pipe = self._started()
            try:
                pipe.send_bytes(content)
                if not pipe.poll(self._seconds):
                    raise DataError(f"takes longer than {self._seconds:g} s to decode")
                found = pipe.recv()
            except (OSError, EOFError) as error:
                self._end()
                raise DataError("takes too much memory, or ends the decoder") from error
            except BaseException:
                self._end()
                raise
        if isinstance(found, str):
            raise DataError(found)
        return np.asarray(found)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _started(self) -> Connection:
        if self._pipe is None:
            spawn = get_context("spawn")
            self._pipe, other = spawn.Pipe()
            self._process = spawn.Process(
                target=_decode_all, args=(other, *self._arguments), daemon=True
            )
            self._process.start()
            other.close()
        return self._pipe

    def _end(self) -> None:
        if self._pipe is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._pipe = None


def _decode_all(pipe: Connection, size: int, channels: int, fit: Fit, pixels: int) -> None:
    """Decode what comes through a pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The server ends it, in its own time.
    _limit_memory()
    while True:
        try:
            content = pipe.recv_bytes()
        except EOFError:
            return
        try:
            found: Images | str = decode(content, size, channels, fit, max_pixels=pixels)
        except DataError as error:
            found = str(error)
        pipe.send(found)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
