"""Worker processes that end with the process that started them, however that one ends.

A parent that is killed cannot stop its workers, which would wait forever for more work; so each
worker checks for itself.
"""

from __future__ import annotations

import os
import signal
import threading
import time

#: Seconds between two checks.
PERIOD = 0.5


def exit_with_parent(parent: int) -> None:
    """Send this process SIGTERM as soon as its parent has ended.

    An initializer for the workers of any pool: ``initializer=exit_with_parent,
    initargs=(os.getpid(),)``.

    Args:
        parent: the process that started this one.
    """
    threading.Thread(target=_follow, args=(parent,), name="parent", daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PERIOD)
    os.kill(os.getpid(), signal.SIGTERM)
