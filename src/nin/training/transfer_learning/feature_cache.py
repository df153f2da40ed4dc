"""Features of a training's photographs: computed once and kept in the run, for other runs too."""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from nin.data.decoding.decode import Decoder, ResizeMode
from nin.data.pictures import WORKERS
from nin.data.storage.picture_store import read_picture, threads_to_read
from nin.errors import DataError
from nin.files import write_bytes
from nin.pretrained import FeatureExtractor
from nin.progress import progress
from nin.training.runs.run import SAVE_EVERY

#: How many photographs the trunk is given at a time, and their side in pixels: more would not fit
#: into the processor's cache. Of larger ones there are fewer, so that memory stays bounded.
BATCH, USUAL_SIZE = 8, 288
#: How many photographs are decoded ahead of it.
AHEAD = 32

Digest = bytes
Row = NDArray[np.float32]


class View(NamedTuple):
    """A trunk, and how photographs are decoded for it.

    Attributes:
        trunk: SHA-256 of its weights.
        size: side of the square, in pixels.
        resize_mode: how a photograph is made square; see `nin.data.decoding.decode.decode`.
        bit_depth: least bit depth of a file of more than 8 bits that does not state it.
    """

    trunk: str
    size: int
    resize_mode: ResizeMode
    bit_depth: int | None = None

    def __str__(self) -> str:
        bits = "" if self.bit_depth is None else f" {self.bit_depth} bits"
        return f"{self.trunk} {self.size} {self.resize_mode}{bits}"


class Found(NamedTuple):
    """Features of files.

    Attributes:
        features: (n, channels), float32; a row for each file, undefined for those in `faults`.
        faults: position → why the file there cannot be read.
        computed: how many were not in the cache.
        seconds: time taken, without earlier calls for the same cache.
        remarks: remarks on the pictures that were decoded, with the number of pictures for each.
    """

    features: NDArray[np.float32]
    faults: dict[int, str]
    computed: int
    seconds: float
    remarks: Counter[str]


class FeatureCache:
    """Features by the content of a file, whatever its name.

    Args:
        path: a safetensors file, which need not exist.
        view: the view of the features; those of another view in the file are ignored.
    """

    def __init__(self, path: Path, view: View) -> None:
        self.path, self.view = path, view
        self._rows: dict[Digest, Row] = {}
        self._next = time.monotonic() + SAVE_EVERY
        self.take_from(path)
        self._saved = len(self._rows)

    def take_from(self, path: Path) -> None:
        """Add what another cache holds for the same view; a damaged one counts as empty."""
        try:
            arrays = load_file(path)
            digests, rows = arrays["digests"], arrays[str(self.view)]
        except (OSError, SafetensorError, ValueError, KeyError):
            return
        if rows.dtype != np.float32 or rows.ndim != 2 or digests.dtype != np.uint8:
            return
        if digests.shape == (len(rows), hashlib.sha256().digest_size):
            known = zip(map(bytes, digests), rows, strict=True)
            self._rows |= {digest: row for digest, row in known if np.isfinite(row).all()}

    def keep_rows_of(self, channels: int) -> None:
        """Forget rows with another number of features: they are damaged."""
        self._rows = {digest: row for digest, row in self._rows.items() if len(row) == channels}
        self._saved = min(self._saved, len(self._rows))

    def get(self, digest: Digest) -> Row | None:
        """The features of the file with this digest, if they are known."""
        return self._rows.get(digest)

    def add(self, digests: Sequence[Digest], features: Iterable[Row]) -> None:
        """Add features; they are written to disk when it is time."""
        self._rows |= dict(zip(digests, features, strict=True))
        if time.monotonic() >= self._next:
            self.save()

    def save(self) -> None:
        """Write all features, wholly or not at all."""
        begun = time.monotonic()
        if len(self._rows) > self._saved:
            digests = np.frombuffer(b"".join(self._rows), np.uint8).reshape(len(self._rows), -1)
            features = np.stack(list(self._rows.values()))
            write_bytes(self.path, save({"digests": digests, str(self.view): features}))
            self._saved = len(self._rows)
        now = time.monotonic()
        # Writing many features is slow: spend no more than a twentieth of the time on it.
        self._next = now + max(SAVE_EVERY, 20 * (now - begun))


def compute_features(
    paths: Sequence[str],
    extractor: FeatureExtractor,
    cache: FeatureCache,
    is_to_stop: Callable[[], bool] = lambda: False,
) -> Found:
    """Features of photographs, computed only for those that the cache does not have.

    Files are read and decoded by threads ahead of the trunk.

    Args:
        paths: the files.
        extractor: the trunk.
        cache: new features are added to it.
        is_to_stop: called after every few photographs; returns whether to stop.

    Raises:
        KeyboardInterrupt: it was told to stop; the features so far are in the cache, on disk.
    """
    begun, computed = time.monotonic(), 0
    cache.keep_rows_of(extractor.channels)
    digests: dict[int, Digest] = {}
    faults: dict[int, str] = {}
    waiting: list[SeenFile] = []
    remarks: Counter[str] = Counter()
    batch = max(1, min(BATCH, BATCH * USUAL_SIZE**2 // cache.view.size**2))
    try:
        with progress("computing features", len(paths)) as advance:
            for seen in _ahead(
                lambda one: _seen(one, paths[one], cache),
                len(paths),
                threads_to_read(paths, WORKERS),
            ):
                advance(1)
                remarks.update(seen.remarks)
                if seen.fault:
                    faults[seen.position] = seen.fault
                else:
                    digests[seen.position] = seen.digest
                waiting += [seen] if seen.image is not None else []
                if len(waiting) == batch:
                    computed += _look(waiting, extractor, cache)
                    if is_to_stop():
                        raise KeyboardInterrupt
            computed += _look(waiting, extractor, cache)
    finally:
        cache.save()
    features = np.zeros((len(paths), extractor.channels), np.float32)
    for position, digest in digests.items():
        features[position] = cache.get(digest)
    return Found(features, faults, computed, time.monotonic() - begun, remarks)


def _look(waiting: list[SeenFile], extractor: FeatureExtractor, cache: FeatureCache) -> int:
    """Compute the features of waiting pictures, empty the list, and return how many there were."""
    count = len(waiting)
    if count:
        found = extractor(np.stack([seen.image for seen in waiting if seen.image is not None]))
        cache.add([seen.digest for seen in waiting], found)
        waiting.clear()
    return count


class SeenFile(NamedTuple):
    """A file after reading: its digest, and its image or why it cannot be read.

    Attributes:
        position: position in the list of files.
        digest: digest of its content.
        image: (size, size, 3), uint8; None if its features are known or it cannot be read.
        fault: why it cannot be read; empty if it can.
        remarks: what was noticed when it was decoded.
    """

    position: int
    digest: Digest
    image: NDArray[np.uint8] | None
    fault: str
    remarks: tuple[str, ...] = ()


def _seen(position: int, path: str, cache: FeatureCache) -> SeenFile:
    try:
        content = read_picture(path)
    except OSError as error:
        return SeenFile(position, b"", None, f"{path}: {error.strerror or error}")
    digest = hashlib.sha256(content).digest()
    if cache.get(digest) is not None:
        return SeenFile(position, digest, None, "")
    try:
        view = cache.view
        decoder = Decoder(view.size, 3, view.resize_mode, view.bit_depth)
        image, remarks = decoder.decode_with_remarks(content)
    except DataError as error:
        return SeenFile(position, digest, None, f"{path}: {str(error).removeprefix('image: ')}")
    return SeenFile(position, digest, image, "", remarks)


def _ahead(read: Callable[[int], SeenFile], count: int, threads: int) -> Iterator[SeenFile]:
    """The results of `read` for numbers from 0, in order; threads read some of them ahead."""
    with ThreadPoolExecutor(threads) as pool:
        reading: deque[Future[SeenFile]] = deque()
        try:
            for number in range(count):
                reading.append(pool.submit(read, number))
                if len(reading) > AHEAD:
                    yield reading.popleft().result()
            while reading:
                yield reading.popleft().result()
        finally:
            for future in reading:
                future.cancel()
