"""`Pictures`: files on disk, indexed like an array and decoded on access."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.decode import Decoder, ResizeMode
from nin.data.folders.listing import Files
from nin.data.storage.picture_store import threads_to_read
from nin.errors import Advice, Argument, DataError

#: The most memory that decoded pictures may take at once, in bytes: 8 GiB.
MEMORY_LIMIT = 8 * 2**30

#: Threads that decode; Pillow holds the interpreter's lock for only a tenth of its time.
WORKERS = max(2, min(16, os.cpu_count() or 1))

#: Pictures per task of a thread.
TASK = 8


class Pictures:
    """Images (n, size, size, channels), uint8, decoded from files when they are indexed.

    Indexed along the first axis as in numpy: by an integer, a slice, or an array of integers or
    booleans. The files are decoded each time; the result is an ordinary array.

    Args:
        files: paths and labels.
        size: side of the squares, in pixels.
        channels: 3 for RGB, 1 for grey.
        skipped: path → why the picture cannot be read; filled in here. Such a picture is replaced
            by the next readable one of its class in `files`, which wraps around. None: it is an
            error.
        resize_mode: which part of a picture fills its square; see
            `nin.data.decoding.decode.decode`.
        bit_depth: the least bit depth to assume where a file does not state its own.
        remarks: path → remarks about the picture; filled in here. None: they are not kept.

    Raises:
        DataError: on indexing: a picture cannot be read, nor, with `skipped`, any other of its
            class; or more are requested than fit into `MEMORY_LIMIT`.
        IndexError: on indexing: a position does not exist, or a second axis is indexed.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(
        self,
        files: Files,
        size: int,
        channels: int,
        skipped: dict[str, str] | None = None,
        resize_mode: ResizeMode = "squash",
        bit_depth: int | None = None,
        remarks: dict[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.files = files
        self.shape = (len(files.paths), size, size, channels)
        self._positions = np.arange(len(files.paths))
        self._skipped, self._has_blanks = skipped, False
        self._resize_mode, self._bit_depth, self._remarks = resize_mode, bit_depth, remarks

    def __len__(self) -> int:
        return self.shape[0]

    @cached_property
    def threads(self) -> int:
        """How many threads read the pictures."""
        return threads_to_read(self.files.paths, WORKERS)

    def __getitem__(self, key: Any) -> NDArray[np.uint8]:
        if isinstance(key, tuple):
            raise IndexError("pictures on disk are indexed along their first axis only")
        chosen: NDArray[np.intp] = np.asarray(self._positions[key])
        _check_memory(chosen.size, self.shape[1:])
        return self._read(chosen.ravel()).reshape(*chosen.shape, *self.shape[1:])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)

    def read_into(self, images: NDArray[np.uint8], chosen: NDArray[np.intp]) -> None:
        """Decode the pictures at the positions `chosen` into an array with as many rows."""
        for row, position in enumerate(chosen.tolist()):
            images[row] = self._picture(position)

    def joined(self, others: Sequence[Pictures]) -> Pictures:
        """Return these pictures and others of the same size, one after the other."""
        every = [self.files, *(other.files for other in others)]
        paths = [path for files in every for path in files.paths]
        return self._of(Files(paths, np.concatenate([files.labels for files in every])))

    def is_readable(self) -> NDArray[np.bool_]:
        """(n,): False for the pictures that have been read and were unreadable."""
        return np.array([path not in (self._skipped or ()) for path in self.files.paths], bool)

    def with_blanks(self) -> Pictures:
        """These pictures, with a black one in place of each that is unreadable."""
        pictures = self._of(self.files)
        pictures._has_blanks = True
        return pictures

    def readable(self) -> Pictures:
        """These pictures without those that were unreadable, and without others in their place."""
        return self._of(self.files.take(np.flatnonzero(self.is_readable())))

    def _of(self, files: Files) -> Pictures:
        return Pictures(
            files,
            *self.shape[2:],
            skipped=self._skipped,
            resize_mode=self._resize_mode,
            bit_depth=self._bit_depth,
            remarks=self._remarks,
        )

    def _read(self, chosen: NDArray[np.intp]) -> NDArray[np.uint8]:
        if len(chosen) > TASK:
            with ThreadPoolExecutor(self.threads) as pool:
                return Reading(self, chosen, pool).result()
        images = np.empty((len(chosen), *self.shape[1:]), np.uint8)
        self.read_into(images, chosen)
        return images

    def _picture(self, position: int) -> NDArray[np.uint8]:
        path = self.files.paths[position]
        if self._skipped is not None and path in self._skipped:
            return self._stand_in(position)
        try:
            return self._decode(path)
        except DataError as error:
            if self._skipped is None:
                raise DataError(
                    str(error),
                    "repair or remove it",
                    Advice("go on without it: {}", Argument("skip_bad", True)),
                ) from error
            self._skipped[path] = str(error)
        return self._stand_in(position)

    def _decode(self, path: str) -> NDArray[np.uint8]:
        decoder = Decoder(*self.shape[2:], self._resize_mode, self._bit_depth)
        image, remarks = decoder.decode_with_remarks(path)
        if remarks and self._remarks is not None:
            self._remarks[path] = remarks
        return image

    def _stand_in(self, position: int) -> NDArray[np.uint8]:
        """The next readable picture of the same class, regardless of earlier accesses."""
        assert self._skipped is not None
        if self._has_blanks:
            return np.zeros(self.shape[1:], np.uint8)
        labels = self.files.labels
        alike = np.flatnonzero(labels == labels[position])
        for other in np.roll(alike, -int(np.searchsorted(alike, position))).tolist():
            path = self.files.paths[other]
            if path in self._skipped:
                continue
            try:
                return self._decode(path)
            except DataError as error:
                self._skipped[path] = str(error)
        raise DataError(f"{self.files.paths[position]}: no picture of its class can be read")


class Reading:
    """Pictures being decoded into one array by the tasks of a pool.

    Args:
        pictures: the pictures to read from.
        chosen: (n,), positions in `pictures`.
        pool: executor of the tasks, which start at once.
        rows: which of the n to read, in increasing order; the others are black. None: all.
    """

    def __init__(
        self,
        pictures: Pictures,
        chosen: NDArray[np.intp],
        pool: Executor,
        rows: NDArray[np.intp] | None = None,
    ) -> None:
        rows = np.arange(len(chosen)) if rows is None else rows
        self._images = np.zeros((len(chosen), *pictures.shape[1:]), np.uint8)
        parts = [rows[start : start + TASK] for start in range(0, len(rows), TASK)]
        self._tasks = [pool.submit(self._read, pictures, chosen, part) for part in parts]

    def result(self) -> NDArray[np.uint8]:
        """Wait for the pictures, and return them.

        Raises:
            DataError: a picture cannot be read; of several, the first in order.
        """
        try:
            for task in self._tasks:
                task.result()
        except BaseException:
            self.cancel()
            raise
        return self._images

    def _read(self, pictures: Pictures, chosen: NDArray[np.intp], rows: NDArray[np.intp]) -> None:
        for row in rows.tolist():
            pictures.read_into(self._images[row : row + 1], chosen[row : row + 1])

    def cancel(self) -> None:
        """Cancel the tasks that have not started."""
        for task in self._tasks:
            task.cancel()


def gibibytes(count: int, shape: Sequence[int]) -> float:
    """Memory in GiB that `count` pictures of a shape (height, width, channels) take."""
    return count * int(np.prod(shape)) / 2**30


def _check_memory(count: int, shape: Sequence[int]) -> None:
    size = gibibytes(count, shape)
    if size > MEMORY_LIMIT / 2**30:
        raise DataError(
            f"{count:,} pictures of {shape[0]}×{shape[1]} at once take {size:.1f} GiB, above the"
            f" {MEMORY_LIMIT / 2**30:.0f} GiB allowed",
            "take fewer",
            Advice("lower {}", Argument("image_size")),
        )
