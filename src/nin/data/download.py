"""The files of a published data set: found on this machine or downloaded, and checked by hash."""

from __future__ import annotations

import gzip
import hashlib
import os
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO, cast

from nin.errors import DataError
from nin.files import expand, replacing
from nin.progress import progress

TIMEOUT = 15.0
BLOCK = 1 << 18


@dataclass(frozen=True)
class RemoteFile:
    """One file of a published set.

    Attributes:
        url: where to download it; its last part is the file's name.
        sha256: of the content, after decompression if `gzipped`.
        size: of the content in bytes, likewise.
        gzipped: whether the file at `url` is compressed by gzip. Distributors compress differently;
            the content is the same.
    """

    url: str
    sha256: str
    size: int
    gzipped: bool = True

    @property
    def name(self) -> str:
        """The name at `url`, such as ``train-images-idx3-ubyte.gz``."""
        return self.url.rpartition("/")[2]

    @property
    def stored_name(self) -> str:
        """The name in the cache, where files are kept decompressed."""
        return self.name.removesuffix(".gz") if self.gzipped else self.name


@dataclass(frozen=True)
class Source:
    """A published data set: its images, its files and where it comes from.

    Attributes:
        train: number of training images.
        test: number of test images.
        shape: height, width, channels.
        system: a folder where the operating system's package puts the files.
        package: the command that installs that package.
    """

    name: str
    classes: tuple[str, ...]
    train: int
    test: int
    shape: tuple[int, int, int]
    home: str
    licence: str
    citation: str
    files: tuple[RemoteFile, ...] = ()
    system: str | None = None
    package: str | None = None


def cache_folder(source: Source, root: str | Path | None = None) -> Path:
    """The folder of a set's files: below `root`, else ``NIN_DATA``, else the user's cache.

    Sets may use the same file names, so each has a folder of its own.
    """
    chosen = root or os.environ.get("NIN_DATA")
    if not chosen:
        import platformdirs

        chosen = platformdirs.user_cache_dir("nin")
    return expand(chosen) / source.name


def locate(source: Source, file: RemoteFile, root: str | Path | None = None) -> Path | None:
    """Return the path of a file on this machine, compressed or not, or None; it is not read."""
    folders = [cache_folder(source, root)]
    if source.system:
        folders.append(Path(source.system))
    candidates = (place / name for place in folders for name in (file.stored_name, file.name))
    return next((path for path in candidates if path.is_file()), None)


def fetch(source: Source, file: RemoteFile, root: str | Path | None = None) -> bytes:
    """Return a file's bytes, decompressed if it is `gzipped`, downloading it if it is not here.

    Raises:
        DataError: the file cannot be downloaded, or is not the one that was published.
    """
    path = locate(source, file, root) or _download(source, file, cache_folder(source, root))
    try:
        data = _read(path, file)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: cannot be read ({error}): delete it to download it again"
        ) from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise DataError(
            f"{path}: not the published file (its SHA-256 differs): delete it to download it again"
        )
    return data


def _read(path: Path, file: RemoteFile) -> bytes:
    with path.open("rb") as raw:
        zipped = file.gzipped and raw.read(2) == b"\x1f\x8b"
    with gzip.open(path) if zipped else path.open("rb") as stream:
        return stream.read(file.size + 1)


def _download(source: Source, file: RemoteFile, into: Path) -> Path:
    target = into / file.stored_name
    digest, size = hashlib.sha256(), 0
    with replacing(target) as out:
        for block in _blocks(source, file, into):
            size += len(block)
            if size > file.size:
                break
            digest.update(block)
            out.write(block)
        if size != file.size:
            words = "more than" if size > file.size else f"{size:,} of"
            raise _unavailable(source, file, into, f"got {words} {file.size:,} bytes")
        if digest.hexdigest() != file.sha256:
            raise _unavailable(source, file, into, "got a different file: its SHA-256 differs")
    return target


def _blocks(source: Source, file: RemoteFile, into: Path) -> Iterator[bytes]:
    """Yield the content as it arrives; a network failure becomes a `DataError` of one line."""
    try:
        with (
            _opened(file) as stream,
            progress(f"downloading {source.name}: {file.name}", file.size) as advance,
        ):
            while block := stream.read(BLOCK):
                advance(len(block))
                yield block
    except (OSError, EOFError, HTTPException, zlib.error) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(error, urllib.error.HTTPError):
            reason = f"HTTP {error.code} {error.reason}"
            error.close()
        raise _unavailable(source, file, into, str(reason)) from error


@contextmanager
def _opened(file: RemoteFile) -> Iterator[IO[bytes]]:
    request = urllib.request.Request(file.url, headers={"User-Agent": "nin (Python)"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        if file.gzipped:
            with gzip.GzipFile(fileobj=response) as stream:
                yield cast(IO[bytes], stream)
        else:
            yield response


def _unavailable(source: Source, file: RemoteFile, into: Path, reason: str) -> DataError:
    names = ", ".join(each.name for each in source.files)
    package = f", or `{source.package}`" if source.package else ""
    return DataError(
        f"{source.name}: {file.name} is not here and {file.url} failed ({reason}): put {names}"
        f" into {into} (NIN_DATA names the folder above){package}, or try again online;"
        f" home: {source.home}"
    )
