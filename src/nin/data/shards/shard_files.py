"""The shards that a file, a pattern or a folder stands for, and the part that each belongs to."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from nin.data.folders.part_names import read_part
from nin.data.folders.picture_files import EXTENSIONS, LeftOut, folders_in, scanned
from nin.data.split import Part
from nin.data.storage.picture_store import is_stored
from nin.data.storage.remote_files import REMOTE
from nin.data.storage.url_path import source_path
from nin.errors import DataError
from nin.urls import is_url, share_signature

#: Suffixes of shards.
ENDINGS = (".tar", ".parquet")

#: Suffixes of compressed archives, in which a picture cannot be read by its position.
_COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")

#: A sub-folder that may hold the shards, as in repositories of data sets.
_DATA = "data"

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")

#: The most shards that a range may name, and the threads that check whether they exist.
_MOST, _CHECKERS = 1_000_000, 16


class ShardFile(NamedTuple):
    """A shard, and the part that its name or that of its folder stands for."""

    path: str
    part: Part | None
    part_name: str


class ShardFiles(NamedTuple):
    """Shards that belong together.

    Attributes:
        root: the folder that all are in.
        files: the shards, in order of their names.
        is_folder: whether a folder was named, rather than shards.
    """

    root: Path
    files: tuple[ShardFile, ...]
    is_folder: bool


def is_pattern(name: str | Path) -> bool:
    """Whether a name stands for several shards: ``train-{000..099}.tar``, ``*.tar``."""
    text = str(name)
    return text.endswith(ENDINGS) and (bool(_RANGE.search(text)) or _has_wildcard(text))


def find_shards(path: Path) -> ShardFiles | None:
    """The shards that a name stands for; None if it is a folder without any, or something else.

    A folder is one of shards if they are directly in it, in folders of its parts or in one called
    ``data``, and no picture files are in it or anywhere below it.

    Args:
        path: a shard, a pattern of shards, or a folder; it need not exist.

    Raises:
        DataError: a pattern matches nothing, or a shard that it names is missing; a folder holds
            shards of two kinds; a shard is compressed.
        OSError: a folder cannot be listed.
    """
    if is_pattern(path) and (is_url(path) or not path.exists()):
        return _together([*_matching(str(path))], is_folder=False)
    if path.is_file() and path.name.endswith((*ENDINGS, *_COMPRESSED)):
        _check_is_shard(path)
        return _together([str(path)], is_folder=False)
    if not path.is_dir():
        return None
    found = [*_inside(path), *(shard for folder in _of_parts(path) for shard in _inside(folder))]
    if not found:
        return None
    folders, loose = folders_in(path, LeftOut())
    if loose or _holds_pictures(folders):
        return None
    for name in found:
        _check_is_shard(source_path(name))
    return _together(found, is_folder=True, root=path)


def _together(paths: Sequence[str], is_folder: bool, root: Path | None = None) -> ShardFiles:
    kinds = sorted({os.path.splitext(path)[1] for path in paths})  # noqa: PTH122
    if len(kinds) > 1:
        raise DataError(
            f"{root}: holds {' and '.join(kinds)} shards: name those of one kind:"
            f" {root}/*{kinds[0]}"
        )
    folders = [os.path.dirname(path) or "." for path in paths]  # noqa: PTH120
    root = root or source_path(Path(os.path.commonpath(folders)))
    files = [_shard_file(path, root) for path in sorted(set(paths))]
    return ShardFiles(root, tuple(files), is_folder)


def _shard_file(path: str, root: Path) -> ShardFile:
    file = source_path(path)
    for name in (*([file.parent.name] if file.parent != root else []), file.stem):
        found = read_part(name)
        if found is not None:
            words = [word for word in re.split(r"[\W_]+", name) if read_part(word)]
            return ShardFile(path, found.part, words[0] if len(words) == 1 else name)
    return ShardFile(path, None, "")


def _inside(folder: Path) -> list[str]:
    """What a folder holds under the name of a shard: files, compressed ones, links to nothing."""
    with scanned(folder) as entries:
        alike = [entry for entry in entries if entry.name.endswith((*ENDINGS, *_COMPRESSED))]
        names = [entry.name for entry in alike if not entry.is_dir()]
    return sorted(str(folder / name) for name in names if not name.startswith("."))


def _check_is_shard(path: Path) -> None:
    if path.name.endswith(_COMPRESSED):
        raise DataError(f"{path}: a compressed archive: unpack it to a plain .tar")
    if not is_url(path) and not path.is_file():
        raise DataError(f"{path}: is no file, or a link to nothing: remove it, or bring it here")


def _of_parts(path: Path) -> list[Path]:
    """The folders in a folder with the name of a part, or called ``data``."""
    with scanned(path) as entries:
        names = [entry.name for entry in entries if entry.is_dir()]
    return [path / name for name in names if read_part(name) or name.lower() == _DATA]


def _holds_pictures(folders: Sequence[Path]) -> bool:
    """Whether a picture is anywhere below folders, by its suffix, searched breadth first.

    Folders that may not be listed are skipped, and one that several links lead to is visited once.
    """
    seen: set[str] = set()
    with ThreadPoolExecutor(_CHECKERS) as pool:
        while folders:
            places = {_place(folder): folder for folder in folders}
            new = [folder for place, folder in places.items() if place not in seen]
            seen |= set(places)
            inside = [*pool.map(_listed, new)]
            files = (name for found in inside for name, is_folder in found if not is_folder)
            if any(os.path.splitext(name)[1].lower() in EXTENSIONS for name in files):  # noqa: PTH122
                return True
            folders = [
                folder / name
                for folder, found in zip(new, inside, strict=True)
                for name, is_folder in found
                if is_folder
            ]
    return False


def _place(folder: Path) -> str:
    return str(folder) if is_url(folder) else os.path.realpath(folder)


def _listed(folder: Path) -> list[tuple[str, bool]]:
    """The names in a folder, and whether each is a folder; empty if it may not be listed."""
    try:
        with scanned(folder) as entries:
            return [(entry.name, entry.is_dir()) for entry in entries]
    except OSError:
        return []


def _matching(pattern: str) -> Iterator[str]:
    found = [path for name in _numbered(pattern) for path in _globbed(name)]
    share_signature(pattern, found)
    if not found:
        raise DataError(f"{pattern}: there is no such shard")
    with ThreadPoolExecutor(_CHECKERS) as pool:
        there = [*pool.map(is_stored, found)]
    missing = [path for path, is_there in zip(found, there, strict=True) if not is_there]
    if missing:
        more = f", nor do {len(missing) - 1:,} more" if len(missing) > 1 else ""
        raise DataError(f"{pattern}: {missing[0]} does not exist{more}")
    yield from found


def _globbed(name: str) -> list[str]:
    if not is_url(name):
        return _globbed_here(name)
    if not _has_wildcard(name):
        return [name]
    folder, _, pattern = name.rpartition("/")
    entries = (entry for entry in REMOTE.scan(folder) if entry.is_file())
    return [entry.path for entry in entries if fnmatch.fnmatchcase(entry.name, pattern)]


def _globbed_here(name: str) -> list[str]:
    folder, file = os.path.split(name)
    is_folder = os.path.isdir(folder)  # noqa: PTH112 - its brackets are meant literally
    if os.path.lexists(name) or (is_folder and not glob.has_magic(file)):
        return [name]
    pattern = os.path.join(glob.escape(folder) if is_folder else folder, file)  # noqa: PTH118
    return glob.glob(pattern) if glob.has_magic(pattern) else [name]  # noqa: PTH207


def _has_wildcard(name: str) -> bool:
    """Whether a name has wildcards; in a URL only ``*``, as a question mark begins its query."""
    return "*" in name if is_url(name) else glob.has_magic(name)


def _numbered(pattern: str) -> Iterator[str]:
    """The names of a pattern with ranges such as ``{000..099}``; the last range varies fastest."""
    found = _RANGE.search(pattern)
    if found is None:
        yield pattern
        return
    first, last = int(found[1]), int(found[2])
    if not 0 <= last - first < _MOST:
        raise DataError(f"{pattern}: {found[0]} must count up, over fewer than {_MOST:,} shards")
    for number in range(first, last + 1):
        yield from _numbered(
            f"{pattern[: found.start()]}{number:0{len(found[1])}d}{pattern[found.end() :]}"
        )
