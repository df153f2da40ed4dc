"""The server's start: a network is made ready, and one process or several answer for it."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from socket import socket

from nin.errors import ExportError
from nin.files import expand
from nin.shipping.engines import form_of
from nin.shipping.predictor import Predictor, as_onnx
from nin.shipping.server.settings import Settings
from nin.shipping.server.supervision import supervise
from nin.shipping.server.worker import summary, work


def serve(settings: Settings, listener: socket, workers: int, tell: Callable[[str], None]) -> None:
    """Answer until SIGTERM or Ctrl-C, then finish what has been taken and return.

    Args:
        settings: what to serve, and how. A run directory is served from an ONNX graph, made by a
            process that ends before the first request comes.
        listener: where clients come; see `nin.shipping.server.listening.listen`.
        workers: processes; each has limits of its own.
        tell: called with what is served, once it is.

    Raises:
        ExportError, RunError: there is no network at that path.
    """
    with tempfile.TemporaryDirectory(prefix="nin-serve-") as folder:
        settings = settings._replace(path=_prepared(expand(settings.path), Path(folder)))
        if workers == 1:
            work(settings, listener, tell)
            return
        tell(summary(Predictor(settings.path, threads=1)))
        supervise(settings, listener, workers, Path(folder))


def _prepared(source: Path, folder: Path) -> Path:
    if form_of(source) is not None:
        return source
    # Keras and its framework take half a gigabyte: they go with the process that needed them.
    context, ignored = get_context("spawn"), (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(1, context, initializer=signal.signal, initargs=ignored) as pool:
        try:
            return pool.submit(as_onnx, source, folder).result()
        except BrokenProcessPool as error:
            raise ExportError(
                f"{source} cannot be served: what makes an ONNX file of it ended;"
                f" nin export {source} may say why"
            ) from error
