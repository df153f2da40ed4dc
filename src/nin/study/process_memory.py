"""How much memory this process holds, and has held at its peak."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

_SELF = Path("/proc/self")


def begin() -> int:
    """What the process holds now, in bytes; from now on a new peak is kept, where that can be."""
    with contextlib.suppress(OSError):
        # 5 sets the kernel's high-water mark to what is held now.
        (_SELF / "clear_refs").write_text("5")
    return _status("VmRSS") or _usage()


def peak() -> int:
    """The most that the process has held since `begin`, in bytes."""
    return _status("VmHWM") or _usage()


def _status(name: str) -> int | None:
    try:
        lines = (_SELF / "status").read_text().splitlines()
    except OSError:
        return None
    found = (int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
    return next((1024 * kibibytes for kibibytes in found), None)


def _usage() -> int:
    """The most ever held; where nothing better is known, as on macOS."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most
