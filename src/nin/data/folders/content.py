"""Digests of files, of eight bytes, by which a picture is recognised whatever its name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nin.data.folders.digest_index import LEAST, DigestIndex, file_keys
from nin.data.storage.picture_store import read_pieces, stored_size
from nin.progress import progress
from nin.urls import is_url

#: Digests of files: equal if the files are equal.
Digests = NDArray[np.uint64]

#: Files up to this size in bytes are read whole. Of larger files only the size and `SAMPLES` pieces
#: of `PIECE` bytes, spread from the first byte to the last, are read: a hundred thousand phone
#: photographs are 300 GB. If two of the pieces are equal, the file is not compressed, and the
#: pieces may show no more than its background: it is read whole, too.
WHOLE, SAMPLES, PIECE = 128 * 1024, 16, 8 * 1024

#: Threads that read files, and files per task.
_READERS, _TASK = 16, 64

#: Threads that only read the metadata of files, and files per task.
_STATUS_READERS, _STATUS_TASK = 4, 1024


def digest_files(paths: Sequence[str], root: Path | None = None) -> Digests:
    """Digests (n,) of the content of files: equal if the content is equal.

    A file that cannot be read gets a digest of its name.

    Args:
        paths: the files.
        root: a folder that they are in. If they are many, digests are cached and unchanged files
            are not read again; see `nin.data.folders.digest_index`. None: all are read.
    """
    if root is None or (len(paths) < LEAST and not is_url(root)):
        return _read(paths)
    index = DigestIndex(root)
    keys = np.frombuffer(
        _by_tasks(lambda task: file_keys(task, root), paths, _STATUS_READERS, _STATUS_TASK), "<u8"
    )
    keys = keys.reshape(-1, 2).copy()
    known, digests = index.find(keys)
    if not known.all():
        new = np.flatnonzero(~known)
        names = [paths[row] for row in new.tolist()]
        digests[new] = _read(names)
        # What could not be read may be readable the next time.
        keys[new[digests[new] == _digests(map(_digest_of_name, names))]] = 0
        index.keep(keys, digests)
    return digests


def _read(paths: Sequence[str]) -> Digests:
    return _digests([_by_tasks(lambda task: b"".join(map(_digest, task)), paths, _READERS, _TASK)])


def _digests(pieces: Iterable[bytes]) -> Digests:
    return np.frombuffer(b"".join(pieces), "<u8").astype(np.uint64)


def _by_tasks(
    work: Callable[[Sequence[str]], bytes], paths: Sequence[str], threads: int, each: int
) -> bytes:
    """The joined results of `work` on all files, by threads, in order."""
    tasks = [paths[start : start + each] for start in range(0, len(paths), each)]
    found = bytearray()
    with (
        ThreadPoolExecutor(threads) as pool,
        progress("looking at files", len(paths)) as advance,
    ):
        for task, made in zip(tasks, pool.map(work, tasks), strict=True):
            found += made
            advance(len(task))
    return bytes(found)


def places(digests: Digests, seed: int) -> NDArray[np.float64]:
    """Pseudo-random numbers (n,) in [0, 1) that depend only on content and seed.

    Args:
        digests: (n,), digests of the content.
        seed: 0 or more.
    """
    key = hashlib.blake2b(b"%d" % seed, digest_size=16).digest()
    little = digests.astype("<u8").tobytes()
    drawn = b"".join(
        hashlib.blake2b(little[start : start + 8], digest_size=8, key=key).digest()
        for start in range(0, len(little), 8)
    )
    # Only the upper 53 bits: a double holds no more, and 1 is never reached.
    return (np.frombuffer(drawn, "<u8") >> np.uint64(11)) / 2**53


def _digest(path: str) -> bytes:
    try:
        size = stored_size(path)
        pieces = read_pieces(path, _places(size))
        if len({*pieces}) < len(pieces):
            pieces = read_pieces(path, [(0, size)])
    except OSError:
        return _digest_of_name(path)
    digest = hashlib.blake2b(b"%d\0" % size, digest_size=8)
    for piece in pieces:
        digest.update(piece)
    return digest.digest()


def _digest_of_name(path: str) -> bytes:
    pieces = [b"unreadable", os.fsencode(os.path.basename(path))]  # noqa: PTH119
    return hashlib.blake2b(b"\0".join(pieces), digest_size=8).digest()


def _places(size: int) -> list[tuple[int, int]]:
    """The start and length of each piece to read of a file of this size."""
    if size <= WHOLE:
        return [(0, WHOLE)]
    last = size - PIECE
    return [(last * number // (SAMPLES - 1), PIECE) for number in range(SAMPLES)]
