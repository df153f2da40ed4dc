"""What is counted and measured, for Prometheus; of all workers together, if there are several."""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

#: Names the folder where workers leave their numbers; read when the client library is imported.
SHARED_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"

CONTENT_TYPE = CONTENT_TYPE_LATEST

_BATCHES = (1, 2, 4, 8, 16, 32)


class Metrics:
    """The numbers of one server.

    Attributes:
        requests: answered, by route and status.
        seconds: from a request's head to the end of its answer, by route.
        images: answered.
        waiting: images that are decoded, waiting or computed now.
        batch: images computed together.
        computing: seconds a batch took.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        self.requests = Counter(
            "nin_requests", "Requests answered.", ["route", "status"], registry=own
        )
        self.seconds = Histogram(
            "nin_request_seconds", "Duration of requests.", ["route"], registry=own
        )
        self.images = Counter("nin_images", "Images answered.", registry=own)
        self.waiting = Gauge(
            "nin_images_waiting",
            "Images not answered yet.",
            registry=own,
            multiprocess_mode="livesum",
        )
        self.batch = Histogram(
            "nin_batch_images", "Images in a batch.", registry=own, buckets=_BATCHES
        )
        self.computing = Histogram("nin_batch_seconds", "Duration of a batch.", registry=own)
        if SHARED_FOLDER not in os.environ:
            ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """All numbers, as Prometheus reads them. With several workers, of all of them."""
        registry = self._registry
        if SHARED_FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
