"""Blocks so small that a test has several."""

from __future__ import annotations

import pytest

from nin.data.storage import block_cache, remote_files


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of a hundred bytes."""
    for module in (block_cache, remote_files):
        monkeypatch.setattr(module, "BLOCK", 100)
