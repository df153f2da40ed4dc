"""Counts and durations for Prometheus, of all workers together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from nin.errors import NinError

#: The environment variable with the folder where workers write their metrics; the client library
#: reads it when it is imported.
SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
#: The same folder, by which a worker knows that it is its supervisor's, not that of a program which
#: started this one.
OWN_FOLDER: Final = "NIN_METRICS_FOLDER"

if os.environ.get(SHARED_FOLDER) != os.environ.get(OWN_FOLDER, ""):
    for name in (SHARED_FOLDER, SHARED_FOLDER.lower()):  # The library reads either.
        os.environ.pop(name, None)

from prometheus_client import (  # noqa: E402
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead  # noqa: E402

CONTENT_TYPE = CONTENT_TYPE_LATEST

_BATCHES = (1, 2, 4, 8, 16, 32)


class Metrics:
    """The metrics of one server.

    Attributes:
        requests: number of requests, by route and status.
        seconds: from a request's head to the end of its response, by route.
        images: number of images predicted.
        waiting: images being decoded, waiting or being computed.
        batch: images per batch.
        computing: seconds per batch.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self.requests = Counter(
            "nin_requests", "Requests handled.", ["route", "status"], registry=own
        )
        self.seconds = Histogram(
            "nin_request_seconds", "Duration of requests.", ["route"], registry=own
        )
        self.images = Counter("nin_images", "Images predicted.", registry=own)
        self.waiting = Gauge(
            "nin_images_waiting",
            "Images not predicted yet.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self.batch = Histogram(
            "nin_batch_images", "Images in a batch.", registry=own, buckets=_BATCHES
        )
        self.computing = Histogram("nin_batch_seconds", "Duration of a batch.", registry=own)
        if SHARED_FOLDER in os.environ:
            _reserve(Path(os.environ[SHARED_FOLDER]))
        else:
            ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """All metrics in Prometheus's text format; with several workers, of all of them."""
        registry = self._registry
        if SHARED_FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        try:
            return generate_latest(registry)
        except FileNotFoundError:  # Those of a worker that could not start were just removed.
            return generate_latest(registry)


def forget_worker(process: int | None, has_served: bool) -> None:
    """Remove the gauges of a worker that is dead, and its counts if it has served nothing."""
    mark_process_dead(process)  # type: ignore[no-untyped-call]
    if has_served:
        return
    for path in Path(os.environ[SHARED_FOLDER]).glob(f"*_{process}.db"):
        path.unlink(missing_ok=True)


def _reserve(folder: Path) -> None:
    """Allocate this process's files in full on the disk, if the system can.

    They are sparse and mapped into memory: if the disk filled up later, writing to one would kill
    the process.

    Raises:
        NinError: there is no room.
    """
    for path in folder.glob(f"*_{os.getpid()}.db") if hasattr(os, "posix_fallocate") else ():
        with path.open("r+b") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
            except OSError as error:
                raise NinError(
                    f"no room in {folder.parent} for the metrics that workers share"
                    f" ({error.strerror}): set TMPDIR to another folder, or give --workers 1"
                ) from error
