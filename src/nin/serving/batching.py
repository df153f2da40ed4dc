"""`Batcher`: one thread that computes, and takes as many images at a time as are waiting."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.inference.engines import Answers, Images


class Seen(NamedTuple):
    """What the network says of one image.

    Attributes:
        probabilities: (classes,).
        maps: (height, width, classes), or None where they were not asked for.
    """

    probabilities: NDArray[np.floating]
    maps: NDArray[np.floating] | None


class _Job(NamedTuple):
    image: Images
    maps: bool
    future: Future[Seen]


class Batcher:
    """Computes images of many requests together.

    While one batch is computed the next gathers: nobody waits for company when there is none, and
    under load batches fill by themselves. How many may wait is for the caller to bound.

    Args:
        compute: images (n, height, width, channels) and whether maps are wanted → `Answers`.
        size: images in a batch at most.
    """

    def __init__(self, compute: Callable[[Images, bool], Answers], size: int = 32) -> None:
        self._compute, self._size = compute, size
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = Thread(target=self._run, name="compute", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether anything is still computed."""
        return self._thread.is_alive()

    def submit(self, image: Images, maps: bool) -> Future[Seen]:
        """Have an image (height, width, channels) answered; all must have the same shape.

        An image that is given up before its turn (`Future.cancel`) costs nothing.
        """
        future: Future[Seen] = Future()
        self._jobs.put(_Job(image, maps, future))
        return future

    def close(self, seconds: float = 10.0) -> None:
        """Answer what has been submitted, then end."""
        self._jobs.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            batch, goes_on = self._gather()
            wanted = [job for job in batch if job.future.set_running_or_notify_cancel()]
            if wanted:
                self._answer(wanted)

    def _gather(self) -> tuple[list[_Job], bool]:
        """The jobs that are there, at least one, and whether more may come."""
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

    def _answer(self, jobs: list[_Job]) -> None:
        try:
            images = np.stack([job.image for job in jobs])
            found = self._compute(images, any(job.maps for job in jobs))
            seen = [_one(found, row, job.maps) for row, job in enumerate(jobs)]
        except Exception as error:  # noqa: BLE001  # each request is told, and the thread lives on
            self._answer_alone(jobs, error)
            return
        for job, each in zip(jobs, seen, strict=True):
            job.future.set_result(each)

    def _answer_alone(self, jobs: list[_Job], error: Exception) -> None:
        """One image may have spoilt the batch: the others are not to suffer for it."""
        if len(jobs) == 1:
            jobs[0].future.set_exception(error)
            return
        for job in jobs:
            self._answer([job])


def _one(found: Answers, row: int, maps: bool) -> Seen:
    """A copy, so that one slow request does not keep a whole batch in memory."""
    own: Any = found.maps[row].copy() if maps and found.maps is not None else None
    return Seen(found.probabilities[row].copy(), own)
