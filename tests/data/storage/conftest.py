"""A server on this machine, and an empty cache."""

from __future__ import annotations

import pytest
from file_server import serving

from nin.data.storage import block_cache, remote_access, remote_files, url_secrets


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Nothing is known of any URL, nothing is kept, and nobody waits."""
    monkeypatch.setenv("NIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(remote_access, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(url_secrets, "_users", {})
    monkeypatch.setattr(url_secrets, "_queries", {})
    remote_files.REMOTE.__init__()
    yield
    remote_files.REMOTE.__init__()


@pytest.fixture
def server(fresh, tmp_path):  # noqa: ARG001 - it is for the state that it leaves
    (tmp_path / "served").mkdir()
    with serving(tmp_path / "served") as server:
        yield server


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of a hundred bytes."""
    for module in (block_cache, remote_files):
        monkeypatch.setattr(module, "BLOCK", 100)
