"""`StreamedBatches`: `Batches` of pictures on disk, decoded by threads ahead of training."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin import backends
from nin.data.loader import Batches
from nin.data.pictures import TASK, Pictures, Reading
from nin.data.split import Split
from nin.errors import NinError

Key = tuple[int, int]


def _adapter() -> Any:
    """The base class that lets Keras on TensorFlow take a loader's own `tf.data.Dataset`.

    The one that Keras makes from a `PyDataset` prefetches without a fixed bound.
    """
    if backends.choose() == "tensorflow":
        with suppress(ImportError):
            from keras.src.trainers.data_adapters.data_adapter import DataAdapter

            return DataAdapter
    return object


class StreamedBatches(Batches, _adapter()):  # type: ignore[misc]
    """Batches identical, to the bit, to `Batches` of the decoded images, but in bounded memory.

    While one batch is in use the next ones are decoded: two batches, or two tasks per thread if
    that is more. The content of a batch depends only on `seed`, `epoch` and its index, never on
    which thread was first, so order, augmentation and resuming are exact.

    Args:
        images: the pictures.
        labels: (n,).
        batch_size: pictures per batch.
        settings: further arguments of `Batches`.

    Attributes:
        fault: the error, of a picture or its server, that ended the last epoch, or None.
        reads_ahead: False after training: a batch that the framework still requests, from a thread
            of its own, is then decoded in that thread, and no threads are started and left behind.

    Raises:
        DataError: as `Batches`; on indexing, a picture that cannot be read.
    """

    batch_size: int = 1  # Keras's adapter has a property of this name, which cannot be set.

    def __init__(
        self, images: Pictures, labels: NDArray[Any], batch_size: int, **settings: Any
    ) -> None:
        super().__init__(images, labels, batch_size, **settings)
        self.fault: NinError | None = None
        self.reads_ahead = True
        self._pictures = images
        self._ahead = math.ceil(max(2 * batch_size, 2 * TASK * images.threads) / batch_size)
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._readings: dict[Key, Reading] = {}

    def get_tf_dataset(self) -> Any:
        """Return these batches as the `tf.data.Dataset` that Keras on TensorFlow takes."""
        from nin.backends._tensorflow import bounded_dataset

        arrays = (self._pictures, self.labels, self.weights)
        kinds = [(array.shape[1:], array.dtype) for array in arrays if array is not None]
        if self.augmentation is not None:
            kinds[0] = (self.augmentation.output_shape(kinds[0][0]), kinds[0][1])
            if self.augmentation.shares_labels:
                kinds[1] = ((self.classes,), np.dtype(np.float32))
        return bounded_dataset(self, kinds)

    def close(self) -> None:
        """Cancel what is being decoded ahead; the next batch requested starts it again."""
        with self._lock:
            self._stop()

    def _stored(self, epoch: int, index: int) -> NDArray[np.uint8]:
        end = min(index + 1 + self._ahead, math.ceil(self.num_samples / self.batch_size))
        try:
            reading = self._begun([(epoch, each) for each in range(index, end)])
            return reading.result() if reading else super()._stored(epoch, index)
        except NinError as error:
            self.fault = error
            self.close()
            raise

    def _begun(self, wanted: Sequence[Key]) -> Reading | None:
        """Decode these batches ahead and no others; return the first, or None after training."""
        with self._lock:
            if not self.reads_ahead:
                return None
            for key in self._readings.keys() - set(wanted):
                self._readings.pop(key).cancel()
            for key in wanted:
                if key not in self._readings:
                    self._readings[key] = self._reading(key)
            first = self._readings.pop(wanted[0])
            if not self._readings:
                self._stop()
            return first

    def _reading(self, key: Key) -> Reading:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(
                self._pictures.threads, thread_name_prefix="nin-pictures"
            )
        chosen = self._chosen(*key)
        rows = None if self.needed is None else self.needed(len(chosen))
        return Reading(self._pictures, chosen, self._pool, rows)

    def _stop(self) -> None:
        for reading in self._readings.values():
            reading.cancel()
        self._readings.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None


def batches(split: Split, batch_size: int, **settings: Any) -> Batches:
    """Return the batches of a split, from memory or from disk.

    Args:
        split: the images and their labels.
        batch_size: images per batch.
        settings: further arguments of `Batches`.
    """
    kind: Any = StreamedBatches if isinstance(split.images, Pictures) else Batches
    loader: Batches = kind(split.images, split.labels, batch_size, **settings)
    return loader


@contextmanager
def reading_ahead(*loaders: Any) -> Iterator[None]:
    """A context in which Keras may iterate over loaders; their threads end with it.

    TensorFlow wraps an exception of a loader in one of its own; here the original is raised.

    Args:
        loaders: of any kind; only streamed ones have threads.

    Raises:
        DataError: a streamed loader met a picture that cannot be read.
        SourceError: pictures behind a URL can no longer be read.
    """
    streamed = [loader for loader in loaders if isinstance(loader, StreamedBatches)]
    for loader in streamed:
        loader.fault, loader.reads_ahead = None, True
    try:
        yield
    except Exception as error:
        for loader in streamed:
            if loader.fault is not None and loader.fault is not error:
                raise loader.fault from None
        raise
    finally:
        for loader in streamed:
            loader.reads_ahead = False
            loader.close()
