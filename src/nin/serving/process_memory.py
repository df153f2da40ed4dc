"""The memory of a process that decodes: limits it, and returns to the system what is freed."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

#: glibc's parameter (malloc.h), and the bytes from which on a block has pages of its own.
_M_MMAP_THRESHOLD, _OWN_PAGES = -3, 2**20


def limit_memory(most: int) -> None:
    """Make this process fail to allocate more than `most` bytes, if the system can limit that.

    Args:
        most: bytes of address space; a lower limit stays.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = resource.getrlimit(resource.RLIMIT_AS)
    lowest = min([most, *(limit for limit in limits if limit != resource.RLIM_INFINITY)])
    with suppress(ValueError, OSError):  # macOS refuses any limit.
        resource.setrlimit(resource.RLIMIT_AS, (lowest, limits[1]))


def return_what_is_freed() -> None:
    """Make glibc return the pages of large pictures to the system as soon as they are freed.

    By itself, it does so only at first. Once it has freed a block of some size, up to 32 MiB, it
    expects more of that size, and keeps room for them in the heap of every thread that had one:
    half a gigabyte after some large PNG or WebP files, until the server stops. With other C
    libraries this does nothing.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # musl lacks this parameter, and does not need it.
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES)
