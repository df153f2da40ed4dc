"""Writes files completely or not at all: to a temporary name, flushed, then renamed."""

from __future__ import annotations

import contextlib
import difflib
import errno
import fcntl
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from nin.errors import NinError

#: Bytes of a file's name that are repeated in the name of its temporary file, which adds fifteen.
_REPEATED = 40
#: A flag of Linux's renameat2.
_RENAME_EXCHANGE = 2


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that replaces `path` only if the block ends without an error.

    Raises:
        NinError: the disk is full or the folder cannot be written; `path` is as it was.
    """
    temporary: Path | None = None
    try:
        _check_name(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        repeated = beginning(path.name, _REPEATED)
        name = path.parent / f".{repeated}.{secrets.token_hex(4)}.part"
        with name.open("xb") as file:
            temporary = name
            yield file
            file.flush()
            _keep_mode(path, name)
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush(path.parent)
    except FileExistsError as error:
        raise NinError(f"cannot write {path}: {error.filename} is not a folder") from error
    except OSError as error:
        raise NinError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing_path(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it replaces `path` if the block ends without an error.

    For writers that need a path, of a file or a folder. Until then `path` stays as it is. Linux
    swaps an old folder for a new one in one step; on other systems, and on file systems that cannot
    do this, there is nothing at `path` for a moment. A process that reads several files of the
    folder meanwhile may get some old and some new ones.

    Raises:
        NinError: the disk is full or the folder cannot be written; `path` is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=f".{beginning(path.name, _REPEATED)}.", suffix=".part", dir=path.parent
        ) as folder:
            new, old = Path(folder) / path.name, Path(folder) / "old"
            yield new
            for each in (new, *new.rglob("*")):
                _flush(each)
                _keep_mode(path / each.relative_to(new), each)
            if not path.is_dir():
                new.replace(path)
            elif not _exchanged(new, path):
                _replace_folder(new, path, aside=old)
            _flush(path.parent)
    except FileExistsError as error:
        raise NinError(f"cannot write {path}: {error.filename} is not a folder") from error
    except OSError as error:
        raise NinError(f"cannot write {path}: {error.strerror or error}") from error


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, completely or not at all."""
    with replacing(path) as file:
        file.write(content)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, completely or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    # File names that are not UTF-8 hold lone surrogates, which become JSON's own escapes here.
    write_bytes(path, text.encode(errors="backslashreplace") + b"\n")


def beginning(name: str, most: int) -> str:
    """The start of a file's name, in at most `most` bytes; no character is cut in two."""
    while len(os.fsencode(name)) > most:
        name = name[:-1]
    return name


def expand(path: str | Path) -> Path:
    """`path` with a leading ``~`` replaced by the home folder, if there is such a user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def obstacle(folder: Path) -> str | None:
    """Why `folder` cannot be created or written to, in words; None if it can. Creates nothing."""
    try:
        there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    except OSError as error:
        return error.strerror or str(error)
    if not there.is_dir():
        return f"{there} is not a folder"
    if os.access(there, os.W_OK | os.X_OK):
        return None
    is_read_only = bool(os.statvfs(there).f_flag & os.ST_RDONLY)
    return f"{there}: {os.strerror(errno.EROFS if is_read_only else errno.EACCES)}"


@contextmanager
def locked(folder: Path, busy: NinError) -> Iterator[None]:
    """Keep other processes out of a folder while the block runs.

    The lock belongs to the process, not to a file: nothing is left behind, and a process that is
    killed gives it up. On a file system without locks nobody is kept out.

    Args:
        folder: an existing folder.
        busy: raised if another process has the lock.
    """
    number = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise busy from error
        except OSError:
            pass  # A file system without locks.
        yield
    finally:
        os.close(number)


def check_file_writable(path: Path) -> None:
    """Refuse a file whose folder cannot be created or written to; creates nothing.

    Raises:
        NinError: states why.
    """
    if problem := obstacle(path.parent):
        raise NinError(f"cannot write {path}: {problem}")


def check_folder_writable(folder: Path) -> None:
    """Refuse a folder that cannot be created or written to; creates nothing.

    Raises:
        NinError: states why.
    """
    if problem := obstacle(folder):
        raise NinError(f"cannot write to {folder}: {problem}")


def did_you_mean(path: Path, *folders: Path) -> str:
    """A hint to append to a message that nothing is at `path`; empty if no name is similar.

    Args:
        path: the path that was given.
        folders: where else to look if it is a bare name.
    """
    if path.is_symlink():
        return ": it is a link, and what it leads to is not there"
    for folder in (path.parent, *(folders if len(path.parts) == 1 else ())):
        try:
            names = [each.name for each in os.scandir(folder) if not each.name.startswith(".")]
        except OSError:
            continue
        if close := difflib.get_close_matches(path.name, names, n=1):
            return f": did you mean {folder / close[0]}?"
    return ""


def _check_name(path: Path) -> None:
    """Raise now, before the work whose result is to be written, if no file can have this name."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if stat.S_ISDIR(path.lstat().st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two names in one step if the system can; Python has no function for it."""
    import ctypes

    try:
        exchange = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    names = (os.fsencode(path.absolute()) for path in (one, other))
    return bool(exchange(0, next(names), 0, next(names), _RENAME_EXCHANGE) == 0)


def _replace_folder(new: Path, path: Path, aside: Path) -> None:
    """Replace a folder in two steps; the first is undone if the second fails."""
    path.rename(aside)
    try:
        new.replace(path)
    except BaseException:
        aside.rename(path)
        raise


def _keep_mode(old: Path, new: Path) -> None:
    """Give `new` the permissions of the file or folder that it replaces."""
    if old.exists() and old.is_dir() == new.is_dir():
        new.chmod(old.stat().st_mode & 0o777)


def _flush(path: Path) -> None:
    """Make a file, or a rename in a folder, survive a power failure."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError:
        if not path.is_dir():  # Some file systems cannot do it for folders.
            raise
    finally:
        os.close(number)
