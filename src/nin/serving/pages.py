"""The web page at ``/`` and the API reference at ``/docs``."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
from importlib import resources
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader

#: The page may load from this server only, and no page may frame it.
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)

_START = "index.html"


class File(NamedTuple):
    """A file as it is sent."""

    content: bytes
    headers: dict[str, str]


def page_files() -> dict[str, File]:
    """Every file of the page, by its address, such as ``/`` and ``/page.css``."""
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


_STYLE = "reference.css"


class Reference(NamedTuple):
    """The page, and the policy that it is sent with."""

    html: str
    policy: str


def reference(description: dict[str, Any]) -> Reference:
    """The page for an OpenAPI description.

    Args:
        description: as at ``/openapi.json``.
    """
    loader = PackageLoader("nin.serving", ".")
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    style = loader.get_source(environment, _STYLE)[0]
    template = environment.get_template("reference.html.jinja")
    html = template.render(
        api=description,
        operations=_operations(description),
        style=style,
        kind=_kind,
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    return Reference(html, policy)


def _operations(description: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    """The type of a value, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array" and "items" in schema:
        return f"list of {_kind(schema['items'])}"
    return str(schema.get("type", "any"))
