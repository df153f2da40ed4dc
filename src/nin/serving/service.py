"""`Service`: a network, the threads that work for it, and how much it takes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from fastapi import HTTPException

from nin.errors import DataError
from nin.inference.engines import Answers, Images
from nin.serving.batching import Batcher, Seen
from nin.serving.metrics import Metrics
from nin.serving.settings import Limits
from nin.serving.upload import inspect

if TYPE_CHECKING:
    from nin.inference import FilePredictor


#: Seconds after which a refused client may try again.
RETRY_AFTER = "1"


class Room:
    """A bounded amount, shared by the requests of one event loop.

    Args:
        limit: how much there is.
        used: called with what is in use, whenever that changes.
    """

    def __init__(self, limit: int, used: Callable[[float], None] = lambda _: None) -> None:
        self.limit, self._used, self._tell = limit, 0, used

    @property
    def is_full(self) -> bool:
        """Whether nothing is left."""
        return self._used >= self.limit

    @contextmanager
    def taking(self) -> Iterator[Callable[[int], None]]:
        """A function that takes some; all of it is given back when the block ends.

        Raises:
            HTTPException: 503, from the function: there is not enough left.
        """
        taken = 0

        def take(amount: int) -> None:
            nonlocal taken
            if self._used + amount > self.limit:
                raise busy()
            taken += amount
            self._change(amount)

        try:
            yield take
        finally:
            self._change(-taken)

    def _change(self, amount: int) -> None:
        self._used += amount
        self._tell(self._used)


def busy() -> HTTPException:
    """The answer to a request that comes at a bad time."""
    return HTTPException(
        503, "more images are waiting than are taken: try again", {"Retry-After": RETRY_AFTER}
    )


T = TypeVar("T")


class Service:
    """Answers images. Decodes in some threads, computes in one more; the caller's never waits.

    Args:
        predictor: the network; asked once, so that the first request finds it warm.
        limits: what it takes on.
        decoders: threads that decode.

    Attributes:
        bytes: room for requests' bodies.
        images: room for images.
        is_ready: whether new requests are welcome; False while the server is stopped.
    """

    def __init__(self, predictor: FilePredictor, limits: Limits, decoders: int = 2) -> None:
        self.predictor, self.limits, self.metrics = predictor, limits, Metrics()
        self.bytes = Room(limits.held)
        self.images = Room(limits.queue, self.metrics.waiting.set)
        self._compute(np.zeros((1, *predictor.input_shape), np.uint8), predictor.has_maps)
        self._pool = ThreadPoolExecutor(decoders, "decode")
        self._batcher = Batcher(self._compute)
        self.is_ready = True

    @property
    def is_alive(self) -> bool:
        """Whether images are still computed."""
        return self._batcher.is_alive

    async def answer(self, contents: Sequence[bytes], maps: bool) -> list[Seen]:
        """What is in some files.

        Raises:
            HTTPException: 413, 415 or 422: one of them cannot be answered.
        """
        numbered = [(number, len(contents), each) for number, each in enumerate(contents, 1)]
        images = await _all(self._pool.submit(self._read, *each) for each in numbered)
        seen = await _all(self._batcher.submit(image, maps) for image in images)
        self.metrics.images.inc(len(seen))
        return seen

    async def work(self, call: Callable[..., T], *arguments: object) -> T:
        """Have something longer done by a thread."""
        (done,) = await _all([self._pool.submit(call, *arguments)])
        return done

    def close(self) -> None:
        """Finish what has been begun, then end the threads."""
        self._pool.shutdown(cancel_futures=True)
        self._batcher.close()

    def _read(self, number: int, of: int, content: bytes) -> Images:
        try:
            inspect(content, self.limits.pixels)
            return self.predictor.read(content)
        except DataError as error:
            refusal = HTTPException(422, str(error))
        except HTTPException as error:
            refusal = error
        where = f"image {number} of {of}: " if of > 1 else ""
        raise HTTPException(refusal.status_code, where + refusal.detail)

    def _compute(self, images: Images, maps: bool) -> Answers:
        self.metrics.batch.observe(len(images))
        with self.metrics.computing.time():
            return self.predictor.predict(images, maps)


async def _all(futures: Iterable[Future[T]]) -> list[T]:
    """What all of them come to; when one fails or nobody waits any longer, none is begun."""
    waiting = [asyncio.wrap_future(future) for future in futures]
    try:
        return await asyncio.gather(*waiting)
    finally:
        for each in waiting:
            each.cancel()
