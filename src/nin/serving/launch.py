"""`serve`: a network over HTTP, in this process or in several."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from socket import socket

from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

from nin.errors import NinError, first_line
from nin.files import locked
from nin.inference import FilePredictor
from nin.orphans import exit_with_parent
from nin.serving.app import application
from nin.serving.metrics import OWN_FOLDER, SHARED_FOLDER
from nin.serving.server import config, process_state, run
from nin.serving.service import Service
from nin.serving.settings import Settings
from nin.serving.supervisor import PULSE, Supervisor

#: The file, beside the workers' metrics, in which a worker that cannot start writes the reason.
_FAILURE = "failure.txt"


def serve(
    settings: Settings, listener: socket, workers: int, on_ready: Callable[[str], None]
) -> None:
    """Serve until SIGTERM, SIGHUP or Ctrl-C, then finish the open requests and return.

    A second SIGTERM or Ctrl-C does not wait for them.

    Args:
        settings: the network, limits and threads.
        listener: a listening socket; see `nin.serving.connections.listen`.
        workers: number of processes, each with its own limits; one that dies or hangs is replaced.
        on_ready: called with a description of the network once it is served.

    Raises:
        ExportError: there is no exported network at that path.
        NinError: no worker could start.
    """
    if workers > 1:
        about = summary(FilePredictor(settings.path, threads=1, trust=settings.trust))
        with _metrics_folder() as folder:
            settings = _kept(settings, folder)
            _supervise(settings, listener, workers, folder, partial(on_ready, about))
        return
    predictor = _predictor(settings)
    app = _application(settings, predictor)
    on_ready(summary(predictor))
    run(app, settings, listener)


def summary(predictor: FilePredictor) -> str:
    """A short description of the network."""
    height, width, channels = predictor.input_shape
    maps = "with class maps" if predictor.has_maps else "without class maps"
    name = predictor.description.get("name") or predictor.path.name
    return f"{name} ({len(predictor.classes)} classes, {height}×{width}×{channels}, {maps})"


def _predictor(settings: Settings) -> FilePredictor:
    return FilePredictor(settings.path, threads=settings.threads, trust=settings.trust)


def _application(settings: Settings, predictor: FilePredictor, is_worker: bool = False) -> ASGIApp:
    service = Service(predictor, settings.limits, settings.decoders, settings.name)
    context = process_state(service, settings.quiet, is_worker)
    return application(service, settings.origins, settings.quiet, context, settings.hosts)


@contextmanager
def _metrics_folder() -> Iterator[Path]:
    """A folder for what several workers share: their metrics, and the network."""
    try:
        temporary = tempfile.TemporaryDirectory(prefix="nin-serve-")
    except OSError as error:
        raise NinError(
            "several workers share their metrics in a temporary folder, and none can be written:"
            " set TMPDIR to a folder that can, or give --workers 1"
        ) from error
    # systemd leaves a locked folder alone when it tidies /tmp.
    with temporary as name, locked(Path(name), NinError(f"{name} is in use")):
        yield Path(name)


def _kept(settings: Settings, folder: Path) -> Settings:
    """The settings with a copy of the network.

    A worker that replaces another opens the network again, and the original may have changed.
    """
    if not settings.path.exists():  # The workers report it.
        return settings
    name = os.path.basename(os.path.abspath(settings.path))  # noqa: PTH100, PTH119 - of a link
    path = folder / "network" / name
    copy = shutil.copytree if settings.path.is_dir() else shutil.copy
    try:
        path.parent.mkdir()
        copy(settings.path, path)
    except OSError as error:
        reason = error.strerror or error
        raise NinError(f"cannot copy {settings.path} to {folder}: {reason}") from error
    return settings._replace(path=path)


def _supervise(
    settings: Settings, listener: socket, workers: int, folder: Path, on_ready: Callable[[], None]
) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # Failures are reported below.
    os.environ |= dict.fromkeys((SHARED_FOLDER, OWN_FOLDER), str(folder))
    start = partial(_start_worker, settings, folder)
    more = {"factory": True, "workers": workers, "timeout_worker_healthcheck": PULSE}
    supervisor = Supervisor(config(start, settings, **more), [listener], on_ready)
    try:
        supervisor.run()
    finally:
        del os.environ[SHARED_FOLDER], os.environ[OWN_FOLDER]
    if supervisor.has_given_up:
        failure = folder / _FAILURE
        reason = f"they die as they start; is there too little memory, or room in {folder.parent}?"
        if failure.exists() and failure.stat().st_size:
            reason = failure.read_text(encoding="utf-8")
        raise NinError(f"no worker could start: {reason}")


def _start_worker(settings: Settings, folder: Path) -> ASGIApp:
    """The application of one of several processes; the process ends with their supervisor."""
    supervisor = parent_process()
    if supervisor is not None and supervisor.pid is not None:
        exit_with_parent(supervisor.pid)
    try:
        return _application(settings, _predictor(settings), is_worker=True)
    except Exception as error:  # noqa: BLE001  # whatever it is, another worker would fail, too
        with suppress(OSError):  # the disk may be full
            (folder / _FAILURE).write_text(first_line(error), encoding="utf-8")
        sys.exit(STARTUP_FAILURE)
