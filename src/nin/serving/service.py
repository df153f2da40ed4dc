"""`Service`: a network, the threads that work for it, and its quotas."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from fastapi import HTTPException

from nin.data.decoding.decode import fitted
from nin.errors import DataError, EngineError, ExportError
from nin.inference.outputs import Images, Predictions
from nin.inference.read_ahead import batch_size
from nin.names import printable
from nin.serving.batching import MOST_IMAGES, MOST_PIXELS, Batcher, Prediction
from nin.serving.decoding_process import DecodingProcess, Refusal
from nin.serving.inspection import inspect
from nin.serving.metrics import Metrics
from nin.serving.settings import Limits

if TYPE_CHECKING:
    from nin.inference import FilePredictor


#: Seconds after which a refused client may try again.
RETRY_AFTER = "1"

#: Most bytes of all decoded images together, unless those of one request have more.
MOST_HELD = 2**30


class Quota:
    """An amount of something that the requests of one event loop share.

    Args:
        limit: the total amount.
        on_change: called with the amount in use whenever it changes.

    Attributes:
        used: how much is in use.
    """

    def __init__(self, limit: int, on_change: Callable[[float], None] = lambda _: None) -> None:
        self.limit, self.used, self._on_change = limit, 0, on_change

    @property
    def is_full(self) -> bool:
        """Whether nothing is left."""
        return self.used >= self.limit

    @contextmanager
    def reserving(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that reserves an amount until the block ends.

        Raises:
            HTTPException: 503, from the function: not enough is left.
        """
        taken = 0

        def take(amount: int) -> None:
            nonlocal taken
            if self.used + amount > self.limit:
                raise busy()
            taken += amount
            self._change(amount)

        try:
            yield take
        finally:
            self._change(-taken)

    def _change(self, amount: int) -> None:
        self.used += amount
        self._on_change(self.used)


def busy() -> HTTPException:
    """The error for a request beyond the quota."""
    return HTTPException(
        503, "more images are waiting than are taken: try again", {"Retry-After": RETRY_AFTER}
    )


T = TypeVar("T")


class Service:
    """Classifies image files: decodes in some threads and computes in others.

    Args:
        predictor: the network; called once at the start, so that the first request is not slow.
        limits: of images, bytes and time.
        decoders: number of threads that decode.
        name: of the network in ``/v2/models/NAME``; None for the name that it was exported with.

    Attributes:
        bytes: the quota of the requests' bodies.
        images: the quota of images.
        maps: the quota of bytes of class maps.
        map_bytes: bytes of the class maps of an image; 0 if the network has none.
        is_ready: whether new requests are welcome; False once the server is stopping.
    """

    def __init__(
        self,
        predictor: FilePredictor,
        limits: Limits,
        decoders: int = 2,
        name: str | None = None,
    ) -> None:
        self.predictor, self.limits, self.metrics = predictor, limits, Metrics()
        self.bytes = Quota(limits.held)
        places = max(limits.images, MOST_HELD // math.prod(predictor.input_shape))
        self.images = Quota(min(limits.queue, places), self.metrics.waiting.set)
        found = self._compute(np.zeros((1, *predictor.input_shape), np.uint8), predictor.has_maps)
        self.map_bytes = 0 if found.maps is None else found.maps.nbytes
        self.maps = Quota(max(limits.maps, MOST_HELD // 4))
        self._pool = ThreadPoolExecutor(decoders, "decode")
        self._writers = ThreadPoolExecutor(decoders, "write")
        pixels = math.prod(predictor.input_shape[:2])
        size = batch_size(pixels, MOST_IMAGES, MOST_PIXELS)
        self._decoding_process = DecodingProcess(predictor.decoder, limits.pixels)
        self._batcher = Batcher(self._compute, size)
        self.name = printable(name or predictor.description.get("name") or predictor.path.stem)
        self.is_ready = True

    def check_alive(self) -> None:
        """Raise 503 if nothing is computed any more."""
        if not self._batcher.is_alive:
            raise HTTPException(503, "nothing is computed any more: start it again")

    def check_ready(self) -> None:
        """Raise 503 if new requests are not welcome."""
        self.check_alive()
        if not self.is_ready:
            raise HTTPException(503, "stopping")

    async def predict(self, contents: Sequence[bytes | Images], maps: bool) -> list[Prediction]:
        """Predictions for images, each given by the content of a file or by pixels of any size.

        Raises:
            HTTPException: 413, 415 or 422 if one of them is refused, see `inspect`; 422 also if the
                network predicts no probabilities for it; 503 if it could not be decoded now.
            EngineError: the runtime fails to compute.
        """
        # Cancelled work stays in a pool's queue until its turn, and must not hold on to files.
        held, count = [*contents], len(contents)
        try:
            images = await _all(
                self._pool.submit(self._read, number, count, held) for number in range(1, count + 1)
            )
        finally:
            held.clear()
        submitted = [self._batcher.submit(image, maps) for image in images]
        try:
            predictions = await _all(submitted)
        except EngineError:
            raise  # The image may be fine.
        except ExportError as error:
            failed = next(n for n, each in enumerate(submitted, 1) if _error(each) is error)
            # The error names the file, which no client should learn.
            refusal = HTTPException(422, "the network has no valid prediction for it")
            raise _numbered(refusal, failed, len(contents)) from error
        self.metrics.images.inc(len(predictions))
        return predictions

    async def run(self, call: Callable[..., T], *arguments: object) -> T:
        """Call a slow function in a thread of its own pool, so that no decoding has to wait."""
        held = [arguments]  # As above.
        try:
            (done,) = await _all([self._writers.submit(lambda: call(*held[0]))])
        finally:
            held.clear()
        return done

    def close(self) -> None:
        """Finish what was begun, then end the threads."""
        self._pool.shutdown(cancel_futures=True)
        self._decoding_process.close()
        self._batcher.close()
        self._writers.shutdown(cancel_futures=True)

    def _read(self, number: int, of: int, held: Sequence[bytes | Images]) -> Images:
        content = held[number - 1]
        if not isinstance(content, bytes):
            height, width, channels = self.predictor.input_shape
            return fitted(content, (height, width), channels, self.predictor.resize_mode)
        try:
            if inspect(content, self.limits.pixels):
                return self.predictor.read(content)
            found = self._decoding_process.decode(content)
            if not isinstance(found, Refusal):
                return found
            later = {"Retry-After": RETRY_AFTER} if found.status == 503 else None
            refusal = HTTPException(found.status, found.detail, later)
        except DataError as error:
            refusal = HTTPException(422, str(error))
        except HTTPException as error:
            refusal = error
        raise _numbered(refusal, number, of)

    def _compute(self, images: Images, maps: bool) -> Predictions:
        self.metrics.batch.observe(len(images))
        with self.metrics.computing.time():
            return self.predictor.predict(images, maps)


def _numbered(refusal: HTTPException, number: int, of: int) -> HTTPException:
    """The refusal of one of several images, with the number of the image."""
    where = f"image {number} of {of}: " if of > 1 else ""
    return HTTPException(refusal.status_code, where + refusal.detail, refusal.headers)


def _error(future: Future[Prediction]) -> BaseException | None:
    return future.exception() if future.done() and not future.cancelled() else None


async def _all(futures: Iterable[Future[T]]) -> list[T]:
    """The results of all; if one fails or the caller is cancelled, no more are begun."""
    waiting = [asyncio.wrap_future(future) for future in futures]
    try:
        return await asyncio.gather(*waiting)
    finally:
        for each in waiting:
            each.cancel()
