"""Requests to URLs, by fsspec: retried where that may help, and with errors of one line."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from nin.data.storage.cache_folder import cache_size
from nin.errors import RefusedError, SourceError, first_line
from nin.installing import pip_install
from nin.urls import with_secrets, without_credentials

T = TypeVar("T")

#: Seconds to wait before each further attempt, and for a response in each.
WAITS, TIMEOUT = (0.5, 1.0, 2.0, 4.0, 8.0), 60.0

#: The packages that fsspec needs for a scheme and does not include.
_DRIVERS = {
    "http": "aiohttp",
    "https": "aiohttp",
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "az": "adlfs",
    "abfs": "adlfs",
}

_SSH = ("sftp", "ssh")

#: Where credentials are looked for, in the words of messages.
_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or ~/.aws/credentials, and for a bucket that"
    " is public FSSPEC_S3_ANON=true",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login",
    "sftp": "a key of ssh, or USER:PASSWORD@ in the URL",
    "https": "a line in ~/.netrc, or USER:PASSWORD@ in the URL",
}

#: HTTP statuses worth another attempt, those of refused access, and those of a missing file.
_TRANSIENT, _REFUSED, _GONE = {408, 425, 429}, {401, 403}, {404, 410}

#: Packages whose exceptions are taken to be about the network, unless something else is recognised.
_NETWORK = {"aiohttp", "aiobotocore", "botocore", "gcsfs", "google", "paramiko", "requests"}


class ShortResponseError(Exception):
    """Fewer bytes arrived than were announced."""


def file_system(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the path in it.

    Raises:
        DataError: ``NIN_CACHE_SIZE``, which bounds the cache, is not an amount of bytes.
        SourceError: the URL is invalid, or its scheme is unknown or needs a missing driver.
    """
    import fsspec

    cache_size()
    scheme = scheme_of(url)
    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError as error:
        driver = _DRIVERS.get(scheme, f"fsspec[{scheme}]")
        raise SourceError(f"{url}: {scheme}:// needs a driver: {pip_install(driver)}") from error
    except ValueError as error:
        known = "https, s3, gs, sftp and whatever fsspec supports"
        raise SourceError(f"{url}: {scheme}:// is not known: possible are {known}") from error
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise SourceError(f"{url}: is not a valid URL ({first_line(error)}): check it") from error
    # The driver of sftp, which caches nothing, passes on to paramiko whatever it is given.
    options: dict[str, Any] = {} if scheme in _SSH else {"use_listings_cache": False}
    if scheme in ("http", "https"):
        given = fsspec.config.conf.get(scheme, {}).get("client_kwargs", {})
        options["client_kwargs"] = {"trust_env": True, **given}
    found: tuple[Any, str] = fsspec.core.url_to_fs(with_secrets(url), **options)
    return found


def call(files: Any, method: str, *arguments: Any, **options: Any) -> Any:
    """Call a method of a file system, waiting at most `TIMEOUT` if it is asynchronous.

    A file system whose ``longest`` is None limits the time itself.
    """
    if getattr(files, "async_impl", False):
        from fsspec.asyn import sync

        work = getattr(files, f"_{method}")
        longest = getattr(files, "longest", TIMEOUT)
        return sync(files.loop, work, *arguments, timeout=longest, **options)
    return getattr(files, method)(*arguments, **options)


def persistently(url: str, work: Callable[[], T]) -> T:
    """Do some work on a URL; retry after longer and longer pauses if that may help.

    Raises:
        FileNotFoundError: there is nothing at the URL.
        SourceError: access is refused, or all attempts have failed.
    """
    last: BaseException | None = None
    for wait in (0.0, *WAITS):
        time.sleep(wait)
        try:
            return work()
        except SourceError:
            raise
        except Exception as error:  # noqa: BLE001 - every driver has its own
            if (fault := _final(url, error)) is not None:
                raise fault from None
            last = error
    assert last is not None
    raise SourceError(
        f"{url}: {_reason(last)}, also {len(WAITS)} times after that: is the server there? Try"
        " again later"
    ) from None


def scheme_of(url: str) -> str:
    """The scheme of a URL: ``https``."""
    return url.partition("://")[0].lower()


def _final(url: str, error: Exception) -> Exception | None:
    """The error to raise if a retry is useless; None if another attempt may succeed."""
    status, name = _status(error), type(error).__name__
    scheme = {"gcs": "gs", "http": "https", "ssh": "sftp", "s3a": "s3"}.get(
        scheme_of(url), scheme_of(url)
    )
    if isinstance(error, FileNotFoundError) or status in _GONE:
        return FileNotFoundError(errno.ENOENT, "there is nothing at this URL (404)", url)
    if isinstance(error, IsADirectoryError):
        return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), url)
    where = _CREDENTIALS.get(scheme, f"FSSPEC_{scheme.upper()}_… (see fsspec's configuration)")
    if "Credential" in name or "Authentication" in name:
        return SourceError(f"{url}: no credentials were found, or they are refused: give {where}")
    if isinstance(error, PermissionError) or status in _REFUSED:
        return RefusedError(
            f"{url}: access is refused ({status or 403}): it is private, not there, or its"
            f" signature has expired: credentials are {where}"
        )
    if "Certificate" in name or "CERTIFICATE" in str(error):
        return SourceError(
            f"{url}: its certificate is not trusted: name the authority that signed it by"
            " SSL_CERT_FILE"
        )
    if status is not None and 400 <= status < 500 and status not in _TRANSIENT:
        return SourceError(f"{url}: the server responds with {_reason(error)}: check the URL")
    module = type(error).__module__.partition(".")[0]
    if isinstance(error, (OSError, EOFError, ShortResponseError)) or module in _NETWORK or status:
        return None
    return error


def _status(error: Exception) -> int | None:
    for name in ("status", "code", "status_code"):
        if isinstance(found := getattr(error, name, None), int):
            return found
    return None


def _reason(error: BaseException) -> str:
    """What happened, in a few words."""
    status = _status(error) if isinstance(error, Exception) else None
    if status is not None:
        return f"HTTP {status}"
    if isinstance(error, ShortResponseError) or "Payload" in type(error).__name__:
        return "only a part of the file came"
    if isinstance(error, TimeoutError):
        return f"no response within {TIMEOUT:.0f} s"
    return without_credentials(first_line(error))
