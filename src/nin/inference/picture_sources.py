"""Finds the pictures that files, folders, shards and lists of names stand for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from nin.data.folders.picture_files import LeftOut, pictures_below, showing_progress
from nin.data.shards.shard_files import ShardFiles, find_shards
from nin.data.shards.shard_listing import shard_pictures
from nin.data.storage.picture_store import stored_size
from nin.data.storage.url_path import source_path
from nin.errors import DataError
from nin.progress import progress
from nin.urls import is_url

#: Stands for a list of names on standard input.
STDIN = "-"


class PictureSources(NamedTuple):
    """The pictures that were found.

    Attributes:
        files: the pictures' paths, in the order of the sources; within a folder, by name.
        left_out: reason → how many files in the folders were skipped for it.
    """

    files: list[str]
    left_out: LeftOut


def find_pictures(sources: Sequence[str | Path]) -> PictureSources:
    """List the pictures of several sources; none is opened.

    Args:
        sources: files, folders, shards, and ``"-"`` for a list of files on standard input: a name
            per line, or each ended by a NUL byte, as ``find -print0`` prints them. These files are
            not checked before they are read. In a folder and its subfolders, hidden files,
            leftovers of other programs and files that are not pictures are skipped.

    Raises:
        DataError: there is no such file, no picture in a folder, or no name in a list.
    """
    found = PictureSources([], LeftOut())
    for source in sources:
        if str(source) == STDIN:
            found.files.extend(_listed(sys.stdin.buffer, found.left_out))
        else:
            found.files.extend(_pictures(str(source_path(source)), found.left_out))
    return found


def _pictures(source: str, left_out: LeftOut) -> list[str]:
    try:
        if (shards := find_shards(source_path(source))) is not None:
            return _of_shards(source, shards)
        if not source_path(source).is_dir():
            stored_size(source)
            return [source]
        with showing_progress():
            pictures = pictures_below(source, left_out)
    except OSError as error:
        raise DataError(f"{error.filename or source}: {error.strerror or error}") from error
    except ValueError as error:
        raise DataError(f"{source!r}: {error}") from error
    if not pictures:
        raise DataError(f"{source}: no images in this folder or its subfolders")
    return pictures


def _of_shards(source: str, shards: ShardFiles) -> list[str]:
    found: list[str] = []
    with progress("reading shards", len(shards.files)) as advance:
        for shard in shards.files:
            found += shard_pictures(shard.path)
            advance(1)
    if not found:
        raise DataError(f"{source}: contains no pictures")
    return found


def _listed(stdin: BinaryIO, left_out: LeftOut) -> Iterator[str]:
    """The files of a list, without folders: ``find`` also names the files in these."""
    content = stdin.read()
    ends = b"\0" if b"\0" in content else b"\n"
    lines = content.split(ends)
    if ends == b"\n":
        lines = [line.removesuffix(b"\r") for line in lines]
    names = [*map(os.fsdecode, lines)]
    if not any(names):
        raise DataError("standard input names no file: give one per line")
    is_file = False
    for name in filter(None, names):
        if os.path.isdir(name):  # noqa: PTH112 - a name that no file can have is none, and no error
            left_out["folders in the list"] += 1
        else:
            is_file = True
            yield str(source_path(name)) if is_url(name) else name
    if not is_file:
        raise DataError("standard input names folders only: name a folder without a list")
