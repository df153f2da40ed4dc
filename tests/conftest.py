"""What every test can use."""

from __future__ import annotations

import os
import signal
import sysconfig
from pathlib import Path

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# No test may read or fill the cache of the machine it runs on.
os.environ["NIN_DATA"] = "/nonexistent/nin-data"
# Tests press Ctrl-C, here and in processes of their own; a job in the background would ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def program():
    """The command, as it is installed."""
    return Path(sysconfig.get_path("scripts")) / "nin"
