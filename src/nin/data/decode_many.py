"""Decodes many picture files into one array, with a reason for each that cannot be read."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.bit_depth import DEPTHS, unstated_depth
from nin.data.decoding.decode import Decoder, ResizeMode, decode
from nin.data.decoding.picture_formats import check_size, damage, open_picture
from nin.data.source_listing import some_pictures
from nin.data.storage.picture_store import threads_to_read
from nin.data.storage.url_path import source_path
from nin.errors import Advice, Argument, DataError
from nin.progress import progress

#: How many unreadable pictures a message names.
_NAMED_IN_MESSAGE = 10

#: About how many pictures a sample has, and the longest side of a small one, in pixels.
_SAMPLE, _SMALL = 16, 64

#: The most pictures that are examined to find their bit depth.
_DEPTH_SAMPLE = 128


def decode_many(
    paths: Sequence[str],
    size: int,
    channels: int,
    resize_mode: ResizeMode = "squash",
    bit_depth: int | None = None,
    remarks: Counter[str] | None = None,
) -> tuple[NDArray[np.uint8], dict[int, str]]:
    """Decode pictures to squares; one that cannot be read does not stop the others.

    Args:
        paths: the files.
        size: side of the squares, in pixels.
        channels: 3 for RGB, 1 for grey.
        resize_mode: which part of a picture fills its square; see
            `nin.data.decoding.decode.decode`.
        bit_depth: the least bit depth to assume where a file does not state its own.
        remarks: remark → number of pictures it applies to; updated here.

    Returns:
        The images (n, size, size, channels), and position → reason for those that could not be
        read, whose content is undefined.
    """
    images = np.empty((len(paths), size, size, channels), np.uint8)
    decoder = Decoder(size, channels, resize_mode, bit_depth)

    def read(index: int) -> tuple[str | None, tuple[str, ...]]:
        try:
            images[index], found = decoder.decode_with_remarks(paths[index])
        except DataError as error:
            return str(error), ()
        return None, found

    faults = {}
    with (
        ThreadPoolExecutor(threads_to_read(paths, min(8, os.cpu_count() or 1))) as pool,
        progress("reading pictures", len(paths)) as advance,
    ):
        for index, (fault, found) in enumerate(pool.map(read, range(len(paths)))):
            advance(1)
            if remarks is not None:
                remarks.update(found)
            if fault is not None:
                faults[index] = fault
    return images, faults


def unreadable(bad: Sequence[str], after: str = "") -> DataError:
    """The error to raise for pictures that cannot be read.

    Args:
        bad: the pictures, each with its reason.
        after: text to append to the advice to go on without them.
    """
    named = "; ".join(bad[:_NAMED_IN_MESSAGE])
    more = f"; and {len(bad) - _NAMED_IN_MESSAGE} more" if len(bad) > _NAMED_IN_MESSAGE else ""
    return DataError(
        f"{len(bad)} picture(s) cannot be read: {named}{more}",
        "repair or remove them",
        Advice(f"go on without them: {{}}{after}", Argument("skip_bad", True)),
    )


def find_bit_depth(paths: Sequence[str]) -> int | None:
    """The bit depth of pictures whose files do not state it.

    At most 128 pictures are examined, evenly spread; those that cannot be read are skipped.

    Returns:
        One of `nin.data.decoding.bit_depth.DEPTHS`; None if no examined picture needs it.
    """
    found = 0
    for path in paths[:: max(1, -(-len(paths) // _DEPTH_SAMPLE))]:
        found = max(found, _bit_depth(path) or 0)
        if found == max(DEPTHS):
            break
    return found or None


def _bit_depth(path: str) -> int | None:
    try:
        with open_picture(path) as opened:
            check_size(opened)
            return unstated_depth(opened)
    except DataError:
        return None
    except damage():
        return None


def in_words(remarks: Mapping[str, int], bit_depth: int | None) -> str | None:
    """Remarks about decoded pictures in one line; None if there are none.

    Args:
        remarks: remark → number of pictures.
        bit_depth: as `find_bit_depth` returns it.
    """
    words = [f"{count:,} picture(s) with {remark}" for remark, count in sorted(remarks.items())]
    if bit_depth is not None and bit_depth < max(DEPTHS):
        white = (1 << bit_depth) - 1
        words.append(
            f"pictures of more than 8 bits are read as {bit_depth} bits: {white:,} is white"
        )
    return "; ".join(words) or None


def are_small_and_grey(path: str | Path) -> bool:
    """Whether pictures in a folder are like handwritten digits: no colour, few pixels.

    A sample is checked, up to the first picture that is different or cannot be read. False for a
    folder that is missing or has another layout.

    Args:
        path: a directory with one directory per class.
    """
    try:
        paths = some_pictures(source_path(path))
    except DataError:
        return False
    return all(map(_is_small_and_grey, paths[:: max(1, len(paths) // _SAMPLE)]))


def _is_small_and_grey(path: str) -> bool:
    try:
        image = decode(path)
    except DataError:
        return False
    return max(image.shape[:2]) <= _SMALL and not np.ptp(image, axis=2).any()
