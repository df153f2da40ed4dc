"""Files that are whole or absent: written to a temporary name, flushed, then renamed."""

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

#: Bytes of a file's name that a temporary name beside it repeats; its own part takes fifteen more.
_REPEATED = 40
#: A flag of Linux's renameat2.
_RENAME_EXCHANGE = 2


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `path` only when the block ends without an error.

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
    """A path to write a file or a folder to, which takes the place of `path` if no error ends it.

    For writers that want a path. What is at `path` meanwhile stays. Linux exchanges an old folder
    for a new one in one step; other systems, and file systems that cannot, have none at `path` for
    a moment. A reader of several of its files may get some of the old and some of the new.

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
    """Write `content` to `path`, wholly or not at all."""
    with replacing(path) as file:
        file.write(content)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, wholly or not at all."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    # File names that are not UTF-8 hold lone surrogates; replaced, they are JSON's own escapes.
    write_bytes(path, text.encode(errors="backslashreplace") + b"\n")


def beginning(name: str, most: int) -> str:
    """As much of a file's name as takes no more than `most` bytes; characters stay whole."""
    while len(os.fsencode(name)) > most:
        name = name[:-1]
    return name


def expand(path: str | Path) -> Path:
    """`path` with a leading ``~`` replaced by the home folder, where there is such a user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def obstacle(folder: Path) -> str | None:
    """Why `folder` cannot be made or written to, in words; None where nothing stands in the way.

    Nothing is made.
    """
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
    killed gives it up. A file system without locks keeps nobody out.

    Args:
        folder: it has to exist.
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
    """Refuse a file whose folder cannot be made or written to; nothing is made.

    Raises:
        NinError: states why.
    """
    if problem := obstacle(path.parent):
        raise NinError(f"cannot write {path}: {problem}")


def check_folder_writable(folder: Path) -> None:
    """Refuse a folder that cannot be made or written to; nothing is made.

    Raises:
        NinError: states why.
    """
    if problem := obstacle(folder):
        raise NinError(f"cannot write to {folder}: {problem}")


def did_you_mean(path: Path, *folders: Path) -> str:
    """What is added to a message that there is nothing at `path`; empty if nothing is like it.

    Args:
        path: what was given.
        folders: where else to look for a name alone.
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
    """Meet a name that no file can take before the work that is to be written there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        if stat.S_ISDIR(path.lstat().st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names in one step, where the system can: Python has no function for it."""
    import ctypes

    try:
        exchange = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    names = (os.fsencode(path.absolute()) for path in (one, other))
    return bool(exchange(0, next(names), 0, next(names), _RENAME_EXCHANGE) == 0)


def _replace_folder(new: Path, path: Path, aside: Path) -> None:
    """In two steps, the first of which is undone where the second fails."""
    path.rename(aside)
    try:
        new.replace(path)
    except BaseException:
        aside.rename(path)
        raise


def _keep_mode(old: Path, new: Path) -> None:
    """Give what takes the place of a file or folder the permissions that this has."""
    if old.exists() and old.is_dir() == new.is_dir():
        new.chmod(old.stat().st_mode & 0o777)


def _flush(path: Path) -> None:
    """Make a file, or a renaming in a folder, last through a loss of power."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError:
        if not path.is_dir():  # Some file systems cannot do it for folders.
            raise
    finally:
        os.close(number)
