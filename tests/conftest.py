"""What every test can use."""

from __future__ import annotations

import atexit
import faulthandler
import gc
import os
import shutil
import signal
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key
from hypothesis import settings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# No test may read or fill the cache of the machine it runs on.
os.environ["NIN_DATA"] = "/nonexistent/nin-data"
os.environ["NIN_CACHE"] = "/dev/null/nin-cache"
# JAX compiles the same few programs for test after test, in processes of their own as well: once,
# and with no more care than programs need that run for milliseconds.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="nin-jax-")
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "true")
# Of what is left, half would go into code for fused operations, and into emitting it in parts.
EMITTING = ("--xla_cpu_use_fusion_emitters=false", "--xla_cpu_parallel_codegen_split_count=1")
os.environ.setdefault("XLA_FLAGS", " ".join(EMITTING))
# Tests press Ctrl-C, here and in processes of their own; a job in the background would ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
# An example may take as long as it needs.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
# At the end of a process Python would go through all that it has imported once more.
atexit.register(gc.freeze)

# What is imported to collect the tests is there to stay: no look through it until all of it is.
gc.disable()

#: Seconds for what follows a failure.
AFTERWARDS = 300
#: Fixtures that train, and those that start processes, a browser, or asking at random.
TRAINING = {"compared", "cropped", "first_run", "frozen", "short", "saved", "small_run"}
TRAINING |= {"stopped", "trained", "unbroken"}
STARTING = {"chromium", "described", "fresh_python", "program", "python", "running", "served"}
STARTING |= {"shared", "visit"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What asks for one of these is slow."""
    for item in items:
        if not (TRAINING | STARTING).isdisjoint(item.fixturenames):
            item.add_marker("slow")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    """Nor does the garbage collector go through it from then on."""
    gc.collect()
    gc.freeze()
    # Networks are mostly made of what stays: by default a twentieth of the time would be spent so.
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node):
    """Where a test fails pytest watches no longer; what then puts things in order can hang, too."""
    where = node.config.stash.get(fault_handler_stderr_fd_key, None)
    if where is not None and not node.config.getoption("usepdb"):
        faulthandler.dump_traceback_later(AFTERWARDS, exit=True, file=where)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown():
    """Processes that a failed test leaves behind end with it."""
    if "forked" in sys.modules:
        sys.modules["forked"].end_all()


@pytest.fixture(scope="session")
def program():
    """The command, as it is installed."""
    return Path(sysconfig.get_path("scripts")) / "nin"


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Nothing is known of any URL, nothing is kept, and nobody waits to ask again."""
    from nin import urls
    from nin.data.storage import remote_access
    from nin.data.storage.picture_store import PARQUETS, TARS
    from nin.data.storage.remote_files import REMOTE

    monkeypatch.setenv("NIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(remote_access, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(urls, "_users", {})
    monkeypatch.setattr(urls, "_queries", {})

    def forget():
        """As if the process had just begun; what is on the disk stays."""
        for store in (REMOTE, TARS, PARQUETS):
            store.__init__()

    forget()
    yield forget
    forget()


@pytest.fixture
def server(fresh, tmp_path):  # noqa: ARG001 - it is for the state that it leaves
    """A server of the files in ``served``, which can be told to fail."""
    from file_server import serving

    (tmp_path / "served").mkdir()
    with serving(tmp_path / "served") as server:
        yield server
