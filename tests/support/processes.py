"""Processes that are killed where a test fails: `Popen` alone would wait for them, for ever."""

from __future__ import annotations

import subprocess
import threading
from contextlib import contextmanager


@contextmanager
def started(command, seconds=240, **how):
    """A process that is killed at the end of the block, or after so many seconds."""
    with subprocess.Popen(command, text=True, **how) as process:
        timer = threading.Timer(seconds, process.kill)
        timer.daemon = True
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()
