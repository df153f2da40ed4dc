"""A data set's fingerprint: a SHA-256 by which a run recognises the same data."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nin.data.folders.content import Digests
from nin.data.folders.listing import Files
from nin.data.split import Labels, Part, Split
from nin.data.storage.picture_store import stored_size
from nin.progress import progress

#: How many files are reported as progress at once.
_AT_ONCE = 1000


def fingerprint(identity: tuple[Any, ...], splits: Mapping[Part, Split]) -> str:
    """Return a SHA-256 over every image and label.

    Args:
        identity: what else to include, such as the set's name and classes.
        splits: the parts, in order.
    """
    digest = hashlib.sha256(repr(identity).encode())
    for part, (images, labels) in splits.items():
        digest.update(repr((part, images.shape)).encode())
        digest.update(np.ascontiguousarray(images).reshape(-1).data)
        digest.update(labels.astype("<i4").data)
    return digest.hexdigest()


def fingerprint_files(identity: tuple[Any, ...], parts: Mapping[Part, Files], root: Path) -> str:
    """Return a SHA-256 over every label, and every file's name and size instead of its pixels.

    Args:
        identity: what else to include, such as the set's name and classes.
        parts: the files of each part, in order.
        root: the directory that the files are in; names are relative to it.
    """
    digest = hashlib.sha256(repr(identity).encode())
    for part, files in parts.items():
        digest.update(repr((part, len(files.paths))).encode())
        for line in _names_and_sizes(files.paths, root):
            digest.update(line)
        digest.update(files.labels.astype("<i4").data)
    return digest.hexdigest()


def fingerprint_digests(
    identity: tuple[Any, ...], parts: Mapping[Part, tuple[Digests, Labels]]
) -> str:
    """Return a SHA-256 over every label, and the digest of every file instead of its pixels.

    Args:
        identity: what else to include, such as the set's classes.
        parts: digests and labels of each part, in order.
    """
    digest = hashlib.sha256(repr(("content", *identity)).encode())
    for part, (digests, labels) in parts.items():
        digest.update(repr((part, len(labels))).encode())
        digest.update(digests.astype("<u8").data)
        digest.update(labels.astype("<i4").data)
    return digest.hexdigest()


def _names_and_sizes(paths: Sequence[str], root: Path) -> Iterator[bytes]:
    """Each file's path below `root`, and its size in bytes; -1 if it is missing."""
    above = len(str(root / "_")) - 1
    with progress("looking at files", len(paths)) as advance:
        for number, path in enumerate(paths, 1):
            name = os.fsencode(path[above:])
            yield b"%s\0%d\0" % (name, _size(path))
            if number % _AT_ONCE == 0 or number == len(paths):
                advance((number - 1) % _AT_ONCE + 1)


def _size(path: str) -> int:
    try:
        return stored_size(path)
    except OSError:
        return -1
