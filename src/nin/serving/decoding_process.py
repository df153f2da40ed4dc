"""`DecodingProcess`: decodes pictures of unknown cost in a process that can be ended.

A thread cannot be stopped while it is in a decoder's C code; a process can.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

from nin.data.decoding.picture_formats import check_size, damage, open_picture, reason
from nin.errors import DataError
from nin.inference.outputs import Images
from nin.orphans import exit_with_parent
from nin.serving.process_memory import limit_memory, return_what_is_freed

#: Seconds for one picture.
SECONDS = 5.0
#: Seconds for the process to start.
START = 60.0

#: Exit codes of a process that was told to end, perhaps with the whole service.
_TOLD = (-signal.SIGTERM, -signal.SIGHUP)

#: Bytes of memory that the process may take, if the system can limit that.
MEMORY = 3 * 2**30


class Refusal(NamedTuple):
    """Why a picture is not decoded.

    Attributes:
        status: HTTP status: 413 for too many pixels; 415 for a format that is not read; 422 for a
            damaged picture, or one that takes too much; 503 if the picture is not at fault.
        detail: the reason, in one line.
    """

    status: int
    detail: str


class DecodingProcess:
    """One process, started when it is first needed, and again after it had to be ended.

    Args:
        decode: the content of a file → an image; raises `DataError`. It is sent to the process.
        pixels: most pixels of a picture.
        seconds: most seconds for a picture.
    """

    def __init__(
        self, decode: Callable[..., Images], pixels: int, seconds: float = SECONDS
    ) -> None:
        self._arguments, self._seconds = (decode, pixels), seconds
        self._lock = threading.Lock()
        self._process: Any = None
        self._pipe: Connection | None = None

    def decode(self, content: bytes) -> Images | Refusal:
        """Decode a picture; one at a time, others wait."""
        with self._lock:
            found = self._attempt(content)
            if found is None:  # A signal for the whole service is not the picture's fault.
                found = self._attempt(content)
            return Refusal(503, "the server is stopping: try again") if found is None else found

    def _attempt(self, content: bytes) -> Images | Refusal | None:
        """Decode once; None if the process was told to end."""
        try:
            pipe = self._started()
        except (OSError, EOFError):
            if self._end() in _TOLD:
                return None
            return Refusal(503, "there is no room for a process that decodes it: try again")
        try:
            pipe.send_bytes(content)
            if pipe.poll(self._seconds):
                found = pipe.recv()
                return found if isinstance(found, Refusal) else np.asarray(found)
            self._end()
            return Refusal(422, f"it takes longer than {self._seconds:g} s to decode")
        except (OSError, EOFError):
            if self._end() in _TOLD:
                return None
            return Refusal(422, "it takes too much memory to decode, or breaks the decoder")
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _started(self) -> Connection:
        if self._pipe is None:
            spawn = get_context("spawn")
            self._pipe, other = spawn.Pipe()
            arguments = (other, os.getpid(), *self._arguments)
            process = spawn.Process(target=_decode_all, args=arguments, daemon=True)
            with other:
                process.start()
            self._process = process
            if not self._pipe.poll(START):  # A slow start is not the picture's fault.
                raise TimeoutError(f"it has not started in {START:g} s")
            self._pipe.recv()
        return self._pipe

    def _end(self) -> int | None:
        """End the process, and return its exit code: minus the signal that it died of."""
        code: int | None = None
        if self._process is not None:
            self._process.kill()
            self._process.join()
            code, self._process = self._process.exitcode, None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        return code


def _decode_all(pipe: Connection, server: int, decode: Callable[..., Images], pixels: int) -> None:
    """Decode what comes through a pipe until it is closed, or the server has died."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The server ends it, in its own time.
    exit_with_parent(server)
    limit_memory(MEMORY)
    return_what_is_freed()
    pipe.send(None)
    while True:
        try:
            content = pipe.recv_bytes()
        except EOFError:
            return
        pipe.send(_decoded(content, decode, pixels))


def _decoded(content: bytes, decode: Callable[..., Images], pixels: int) -> Images | Refusal:
    status = 415
    try:
        with open_picture(content) as picture:
            status = 413
            check_size(picture, pixels)
        status = 422
        return decode(content)
    except DataError as error:
        return Refusal(status, str(error))
    except damage() as error:
        return Refusal(422, reason(error))
