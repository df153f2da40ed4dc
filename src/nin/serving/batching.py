"""`Batcher`: threads that compute all waiting images together."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.inference.outputs import Images, Predictions

#: Batches at a time: cores are busy with some while others are assembled or handed out.
THREADS = 4
#: Seconds to wait for each thread to end.
_PATIENCE = 10.0

#: Most images per batch, and the most pixels that they may have together.
MOST_IMAGES, MOST_PIXELS = 32, 2 * 288**2


class Prediction(NamedTuple):
    """What the network predicts for one image.

    Attributes:
        probabilities: (classes,).
        maps: (height, width, classes), or None if they were not requested.
    """

    probabilities: NDArray[np.floating]
    maps: NDArray[np.floating] | None


class _Job(NamedTuple):
    image: Images
    maps: bool
    future: Future[Prediction]


class Batcher:
    """Computes the images of many requests together.

    The next batch fills while others are computed: a single image does not wait for others, and
    under load batches fill by themselves. The caller limits how many images may wait.

    Args:
        compute: images (n, height, width, channels) and whether maps are requested → `Predictions`;
            called by several threads.
        size: most images per batch; see `batch_size`.
    """

    def __init__(self, compute: Callable[[Images, bool], Predictions], size: int) -> None:
        self._compute, self._size = compute, size
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads = [
            Thread(target=self._run, name="compute", daemon=True) for _ in range(THREADS)
        ]
        for each in self._threads:
            each.start()

    @property
    def is_alive(self) -> bool:
        """Whether the threads still run."""
        return all(each.is_alive() for each in self._threads)

    def submit(self, image: Images, maps: bool) -> Future[Prediction]:
        """Queue an image (height, width, channels); all must have the same shape.

        An image whose future is cancelled before its turn (`Future.cancel`) is not computed.
        """
        future: Future[Prediction] = Future()
        self._jobs.put(_Job(image, maps, future))
        return future

    def close(self) -> None:
        """Compute what was submitted, then end the threads; those that hang are left."""
        for _ in self._threads:
            self._jobs.put(None)
        for each in self._threads:
            each.join(_PATIENCE)

    def _run(self) -> None:
        has_more = True
        while has_more:
            batch, has_more = self._gather()
            begun = [job for job in batch if job.future.set_running_or_notify_cancel()]
            if begun:
                self._compute_jobs(begun)

    def _gather(self) -> tuple[list[_Job], bool]:
        """Wait for a job; return it with all others that are waiting, and whether more may come."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == self._size:
                return batch, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _compute_jobs(self, jobs: list[_Job]) -> None:
        try:
            images = np.stack([job.image for job in jobs])
            found = self._compute(images, any(job.maps for job in jobs))
            results = [_one(found, row, job.maps) for row, job in enumerate(jobs)]
        except Exception as error:  # noqa: BLE001  # each request gets it, and the thread lives on
            self._compute_alone(jobs, error)
            return
        for job, each in zip(jobs, results, strict=True):
            job.future.set_result(each)

    def _compute_alone(self, jobs: list[_Job], error: Exception) -> None:
        """One image may have failed the whole batch: compute each by itself."""
        if len(jobs) == 1:
            jobs[0].future.set_exception(error)
            return
        for job in jobs:
            self._compute_jobs([job])


def _one(found: Predictions, row: int, maps: bool) -> Prediction:
    """A copy, so that one slow request does not keep a whole batch in memory."""
    own: Any = found.maps[row].copy() if maps and found.maps is not None else None
    return Prediction(found.probabilities[row].copy(), own)
