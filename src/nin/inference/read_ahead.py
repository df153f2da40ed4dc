"""Decodes pictures in threads, ahead of the network, and chooses the size of batches."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple, TypeVar

from nin.errors import DataError
from nin.inference.outputs import Images

#: Number of threads that decode.
THREADS = max(2, min(8, os.cpu_count() or 1))

Source = TypeVar("Source")


class DecodedPicture(NamedTuple):
    """A picture: its `image`, (height, width, channels) uint8, or the `error` of reading it."""

    image: Images | None
    error: DataError | None


def batch_size(pixels: int, most: int, most_pixels: int) -> int:
    """Images per batch: `most`, or fewer if they are large, but at least one.

    A batch that does not fit into the caches of a CPU is no faster, and takes more memory.

    Args:
        pixels: pixels per image.
        most: most images per batch.
        most_pixels: most pixels per batch.
    """
    return max(1, min(most, most_pixels // pixels))


def decoded_batches(
    sources: Iterable[Source], read: Callable[[Source], Images], size: int, threads: int = THREADS
) -> Iterator[list[tuple[Source, DecodedPicture]]]:
    """Batches of pictures in the order of `sources`; the next ones are decoded meanwhile.

    Besides the batch in use, at most two are held, or one and two further pictures per thread.

    Args:
        sources: the pictures; each is taken only when it is its turn.
        read: decodes one; called by several threads at once.
        size: pictures per batch; the last one may have fewer.
        threads: number of threads that read and decode.
    """
    coming = iter(sources)
    waiting: deque[tuple[Source, Future[DecodedPicture]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="nin-decode")

    def attempt(source: Source) -> DecodedPicture:
        try:
            return DecodedPicture(read(source), None)
        except DataError as error:
            return DecodedPicture(None, error)

    def begin(count: int) -> None:
        waiting.extend((source, pool.submit(attempt, source)) for source in islice(coming, count))

    try:
        begin(size + max(size, 2 * threads))
        while waiting:
            batch = [waiting.popleft() for _ in range(min(size, len(waiting)))]
            begin(len(batch))
            yield [(source, future.result()) for source, future in batch]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
