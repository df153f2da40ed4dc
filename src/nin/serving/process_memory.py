"""The memory of a process that decodes: how much it may have, and that it returns what it frees."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

#: glibc's parameter (malloc.h), and the bytes of a block from which on each has pages of its own.
_M_MMAP_THRESHOLD, _OWN_PAGES = -3, 2**20


def limit_memory(most: int) -> None:
    """Have this process fail to allocate more than so many bytes, where the system can limit that.

    Args:
        most: bytes of address space; a limit that is lower already stays.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(ValueError, OSError):  # macOS refuses any.
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def return_what_is_freed() -> None:
    """Have glibc return the pages of large pictures to the system as soon as they are freed.

    It does so at first. Once a block of a size was freed, it expects more of that size, up to
    32 MiB, and keeps the room for them in the heap of every thread that had one: half a gigabyte
    after some large PNG or WebP files, until the server stops. Elsewhere this does nothing.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # musl has no such parameter, and need not have it
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES)
