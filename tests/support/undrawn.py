"""Comparisons that write no page: it has tests of its own, and pictures to draw."""

from __future__ import annotations

import pytest

from nin.study.report.report_page import FILES


def without_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let comparisons write their other files alone."""
    monkeypatch.setitem(FILES, "report.html", lambda *_: None)
