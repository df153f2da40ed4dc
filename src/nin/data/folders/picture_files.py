"""Which files in a folder are pictures; skipped files are counted by reason."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from nin.data.decoding.picture_formats import START, begins_like_a_picture
from nin.data.folders.result_folders import holds_results
from nin.data.storage.remote_files import REMOTE, RemoteEntry
from nin.errors import DataError
from nin.names import normalized
from nin.progress import progress
from nin.urls import is_url

#: Suffixes of pictures. Such files that cannot be read are reported, never skipped.
EXTENSIONS = frozenset(
    """
    .jpg .jpeg .jpe .jfif .pjpeg .pjp .mpo .png .apng .webp .bmp .dib .tif .tiff .gif .heic .heif
    .hif .avif .jp2 .j2k .jpx .jxl .ppm .pgm .pbm .pnm .tga
    """.split()  # noqa: SIM905
)

#: Raw files of cameras: they begin like a TIFF, but only a thumbnail can be read from them.
_RAW = frozenset(
    ".dng .nef .nrw .cr2 .cr3 .crw .arw .srf .sr2 .orf .rw2 .raf .pef .srw .3fr .iiq".split()  # noqa: SIM905
)

#: Files that file managers, photo programs, network storage, archives and notebooks leave behind,
#: in lower case.
_LEFTOVERS = frozenset(
    """
    @eadir @recycle @recently-snapshot .@__thumb #recycle #snapshot .snapshot .snapshots
    $recycle.bin recycler lost+found __macosx .ds_store .appledouble .spotlight-v100 .fseventsd
    .trashes .trash .temporaryitems thumbs.db ehthumbs.db ehthumbs_vista.db desktop.ini
    .thumbnails .thumbs .picasa.ini picasa.ini .picasaoriginals .nomedia zbthumbnail.info
    .directory .ipynb_checkpoints __pycache__
    """.split()  # noqa: SIM905
) | {"system volume information", "network trash folder", "temporary items", "icon\r"}

_ENDING = re.compile(r"\.[a-z0-9]{1,8}")

_OTHER = "files that are not pictures"

#: How many suffixes of files that are not pictures are counted separately.
_KINDS = 12

#: An entry of a folder, on this machine or behind a URL.
Entry = os.DirEntry[str] | RemoteEntry

#: Reason → how many files were skipped for it.
LeftOut = Counter[str]

#: Called with the number of names read since the last call, each time it reaches this many.
_SEEN: ContextVar[Callable[[int], None] | None] = ContextVar("seen", default=None)
_REPORTED_AT_ONCE = 1000


@contextmanager
def showing_progress() -> Iterator[None]:
    """A context that shows how many file names have been read, if it takes long."""
    with progress("listing files", None) as advance:
        token = _SEEN.set(advance)
        try:
            yield
        finally:
            _SEEN.reset(token)


def pictures_below(
    folder: str, left_out: LeftOut, above: frozenset[tuple[int, int]] = frozenset()
) -> list[str]:
    """List the pictures in a folder and those below it, following links, in a fixed order.

    Args:
        folder: where to look.
        left_out: counts of skipped files by reason; updated here.
        above: device and inode number of each folder above this one.

    Raises:
        DataError: a link leads back to a folder above it.
        OSError: a folder cannot be listed.
    """
    here = _identity(folder)
    if here in above:
        raise DataError(f"{folder}: a link that leads back to a folder above it: remove it")
    found, is_empty = [], True
    for entry in _entries(folder, left_out):
        is_empty = False
        if entry.is_dir():
            found += pictures_below(entry.path, left_out, above | {here})
        elif is_picture(entry):
            found.append(entry.path)
        else:
            count_other(entry.name, left_out)
    if is_empty and above:
        left_out["empty folders"] += 1
    return found


def folders_in(path: Path, left_out: LeftOut) -> tuple[list[Path], list[str]]:
    """The folders and the pictures directly in a folder, in a fixed order.

    Args:
        path: where to look.
        left_out: counts of skipped files by reason; updated here.

    Raises:
        OSError: it cannot be listed.
    """
    folders, pictures = [], []
    for entry in _entries(str(path), left_out):
        if entry.is_dir():
            folders.append(path / entry.name)
        elif is_picture(entry):
            pictures.append(entry.path)
        else:
            count_other(entry.name, left_out)
    return folders, pictures


def is_picture(entry: Entry) -> bool:
    """Whether a file is a picture, by its suffix or else, if it is local, by its first bytes.

    A broken link may be one; a pipe or a device, which would block a reader, is not.
    """
    ending = _ending(entry.name)
    if ending in EXTENSIONS:
        return entry.is_file() or entry.is_symlink()
    if ending in _RAW or not entry.is_file() or is_url(entry.path):
        return False
    try:
        with Path(entry.path).open("rb") as file:
            return begins_like_a_picture(file.read(START))
    except PermissionError:
        return False


def count_other(name: str, left_out: LeftOut) -> None:
    """Count a file that is not a picture, by its suffix."""
    ending = _ending(name)
    reason = f"{ending} files" if _ENDING.fullmatch(ending) else _OTHER
    known = sum(each.startswith(".") for each in left_out)
    left_out[reason if reason in left_out or known < _KINDS else _OTHER] += 1


def _ending(name: str) -> str:
    _, dot, ending = name.rpartition(".")
    return dot + ending.lower()


def _entries(folder: str, left_out: LeftOut) -> list[Entry]:
    """The entries of a folder, sorted by name; hidden files and leftovers are only counted."""
    kept: list[Entry] = []
    number = 0
    seen = _SEEN.get()
    with scanned(folder) as entries:
        for number, entry in enumerate(entries, 1):
            if seen is not None and number % _REPORTED_AT_ONCE == 0:
                seen(_REPORTED_AT_ONCE)
            name = entry.name
            if name.lower() in _LEFTOVERS or name.startswith("._") or name.endswith("~"):
                left_out[_leftover(name)] += _size(entry)
            elif name.startswith("."):
                left_out["hidden files"] += _size(entry)
            elif (
                not is_url(entry.path) and entry.is_dir() and holds_results(entry.path, is_picture)
            ):
                left_out["files of runs"] += _size(entry)
            else:
                kept.append(entry)
    if seen is not None:
        seen(number % _REPORTED_AT_ONCE)
    return sorted(kept, key=lambda each: (normalized(each.name), each.name))


@contextmanager
def scanned(folder: str | Path) -> Iterator[Iterator[Entry]]:
    """The entries of a folder, on this machine or behind a URL, as from `os.scandir`."""
    if is_url(folder):
        yield REMOTE.scan(str(folder))
    else:
        with os.scandir(folder) as entries:
            yield entries


def _identity(folder: str) -> tuple[int, int]:
    """Identifies a folder, to notice links that lead back to it; behind URLs there are none."""
    if is_url(folder):
        return -1, len(folder)
    status = Path(folder).stat()
    return status.st_dev, status.st_ino


def _leftover(name: str) -> str:
    """What to count a leftover under: its name, or its kind if each has its own name."""
    if name.endswith("~"):
        return "~ copies of editors"
    return "._ files of macOS" if name.startswith("._") else name


def _size(entry: Entry) -> int:
    """How many files to count: those below it if it is a local folder; at least one."""
    if not entry.is_dir(follow_symlinks=False) or is_url(entry.path):
        return 1
    return max(1, sum(len(files) for _, _, files in os.walk(entry.path)))
