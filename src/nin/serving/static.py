"""The page: its few files, read once; no request names a path."""

from __future__ import annotations

import mimetypes
from importlib import resources
from typing import NamedTuple

#: It may load from this server only, and nothing may frame it.
POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)

_START = "index.html"


class File(NamedTuple):
    """A file as it is sent."""

    content: bytes
    headers: dict[str, str]


def page_files() -> dict[str, File]:
    """Every file of the page, by its address: ``/`` and ``/page.css``, say."""
    folder = resources.files("nin.serving") / "page"
    files = {}
    for path in folder.iterdir():
        if path.is_file():
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            text = kind.startswith("text/") or kind == "application/javascript"
            headers = {
                "content-type": f"{kind}; charset=utf-8" if text else kind,
                "content-security-policy": POLICY,
                "cache-control": "no-cache",
            }
            address = "/" if path.name == _START else f"/{path.name}"
            files[address] = File(path.read_bytes(), headers)
    return files
