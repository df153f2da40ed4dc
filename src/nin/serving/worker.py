"""One process that answers: a network, its threads, the application, the loop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import parent_process
from socket import socket

from nin.inference import FilePredictor
from nin.serving.app import application
from nin.serving.logs import logging_to_stderr
from nin.serving.service import Service
from nin.serving.settings import Settings
from nin.serving.shutdown import run


def work(settings: Settings, listener: socket, tell: Callable[[str], None] | None = None) -> None:
    """Answer until SIGTERM or Ctrl-C.

    Args:
        settings: what to serve, and how.
        listener: where clients come.
        tell: called with what is served, once it is.
    """
    with logging_to_stderr(settings.quiet):
        predictor = FilePredictor(settings.path, threads=settings.threads)
        service = Service(predictor, settings.limits, settings.decoders)
        app = application(service, settings.origins, settings.quiet)
        if tell is not None:
            tell(summary(predictor))
        run(app, service, listener)


def work_for_another(settings: Settings, listener: socket) -> None:
    """What each of several processes does: `work`, for as long as the one that started it lives."""
    threading.Thread(target=_follow_parent, daemon=True).start()
    work(settings, listener)


def summary(predictor: FilePredictor) -> str:
    """What is served, in a few words."""
    height, width, channels = predictor.input_shape
    maps = "with class maps" if predictor.has_maps else "without class maps"
    name = predictor.description.get("name") or predictor.path.name
    return f"{name} ({len(predictor.classes)} classes, {height}×{width}×{channels}, {maps})"


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
