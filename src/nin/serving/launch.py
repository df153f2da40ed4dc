"""The server's start: one process or several answer for a network."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from socket import socket

from nin.inference import FilePredictor
from nin.serving.settings import Settings
from nin.serving.supervision import supervise
from nin.serving.worker import summary, work


def serve(settings: Settings, listener: socket, workers: int, tell: Callable[[str], None]) -> None:
    """Answer until SIGTERM or Ctrl-C, then finish what has been taken and return.

    Args:
        settings: what to serve, and how.
        listener: where clients come; see `nin.serving.listening.listen`.
        workers: processes; each has limits of its own.
        tell: called with what is served, once it is.

    Raises:
        ExportError: there is no exported network at that path.
    """
    if workers == 1:
        work(settings, listener, tell)
        return
    tell(summary(FilePredictor(settings.path, threads=1)))
    with tempfile.TemporaryDirectory(prefix="nin-serve-") as folder:
        supervise(settings, listener, workers, Path(folder))
