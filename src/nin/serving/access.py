"""Which requests a server accepts, by host and by origin; and the headers of its responses.

A server on a loopback address has no login, but any page that is open in a browser on the same
machine can send it requests. It must not be reachable under a name that a foreign page has
pointed at 127.0.0.1 (DNS rebinding), and pages of other origins must not be able to use it.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from nin.errors import NinError
from nin.serving.problems import problem

#: Headers of every response that does not set its own.
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"cross-origin-resource-policy": b"same-origin",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}

#: An origin as browsers send it: scheme, host, and port unless it is usual, in lower-case ASCII.
_USUAL_PORT = r"(?!http://\S*:80$|https://\S*:443$)"
_ORIGIN = re.compile(rf"\*|null|{_USUAL_PORT}[a-z][a-z0-9+.-]*://[^\sA-Z/?#@\x80-\U0010ffff]+")

#: A Host header: a name or an address (IPv6 in brackets), perhaps with a port.
_AUTHORITY = re.compile(r"(?:\[(?P<address>[^\[\]]*)\]|(?P<name>[^:\[\]]*))(?::\d{0,5})?")

_HOST = re.compile(r"\*|(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def checked_origins(origins: Sequence[str]) -> tuple[str, ...]:
    """Check that these are web origins as browsers send them; others would never match a page.

    Raises:
        NinError: one of them is not.
    """
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise NinError(
                f"--allow-origin {origin!r} is not an origin: https://example.org is one, in small"
                " letters, without a path, a slash behind it or the usual port; * is for all"
            )
    return tuple(origins)


def checked_hosts(names: Sequence[str], host: str) -> tuple[str, ...] | None:
    """The host names that requests may use, besides IP addresses and names without a dot.

    Args:
        names: what the user allows: ``api.example.org``, ``*.example.org`` for its subdomains, or
            ``*`` for all names.
        host: the host that the server listens on.

    Returns:
        The names; None for any name: if ``*`` is allowed, or if `names` is empty and `host` is not
        a loopback address.

    Raises:
        NinError: one of them is not a host name.
    """
    lowered = tuple(name.lower() for name in names)
    for name in lowered:
        if not _HOST.fullmatch(name):
            raise NinError(
                f"--allow-host {name!r} is not a host: api.example.org or *.example.org are,"
                " without scheme, port or path; * is for all"
            )
    if "*" in lowered or not (lowered or is_loopback(host)):
        return None
    return (*lowered, host.lower())


def is_loopback(host: str) -> bool:
    """Whether a host can only be reached from this machine."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return ipaddress.ip_address(found[0][4][0]).is_loopback
    except (OSError, UnicodeError, ValueError):
        return False


class AccessMiddleware:
    """ASGI middleware that refuses foreign host names, and POSTs from pages of other origins.

    Args:
        app: the application.
        hosts: allowed names, see `checked_hosts`; None for any.
        origins: web origins whose pages may send requests; ``"*"`` for all.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str] | None, origins: Sequence[str]) -> None:
        self.app, self._hosts, self._origins = app, hosts, frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or respond with 421 or 403."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if not self._is_own(headers.get("host", "")):
                message = "not a name of this server: start it with --allow-host"
                return await problem(scope["path"], 421, message)(scope, receive, send)
            if scope["method"] not in ("GET", "HEAD", "OPTIONS") and self._is_foreign(headers):
                message = "pages of other origins may not use this server: see --allow-origin"
                return await problem(scope["path"], 403, message)(scope, receive, send)
        return await self.app(scope, receive, send)

    def _is_own(self, host: str) -> bool:
        """Whether a Host header cannot come from a page that has pointed its own name here."""
        if self._hosts is None:
            return True
        stated = _AUTHORITY.fullmatch(host.lower())
        if stated is None:
            return False
        if stated["address"] is not None:
            return _is_address(stated["address"])
        name = stated["name"].removesuffix(".")
        if "." not in name or name.endswith(".localhost") or name in self._hosts:
            return True
        if any(name.endswith(each[1:]) for each in self._hosts if each.startswith("*.")):
            return True
        return _is_address(name)

    def _is_foreign(self, headers: Headers) -> bool:
        """Whether, by the browser's headers, a page of another origin sent this."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if "*" in self._origins or origin in self._origins:
            return False
        if site is not None:
            return site not in ("same-origin", "none")
        return origin is not None and origin.partition("://")[2] != headers.get("host", "").lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
