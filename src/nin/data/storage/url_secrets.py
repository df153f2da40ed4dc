"""Passwords and signatures of the URLs that this process was given; they are written nowhere."""

from __future__ import annotations

from nin.urls import parse_url

_users: dict[str, str] = {}
_queries: dict[str, str] = {}


def remember(url: str) -> str:
    """Keep what is secret in a URL for this process, and return the URL without it."""
    public, user, query = parse_url(url)
    if user:
        _users[_host(public)] = user
    if query:
        _queries[public] = query
    return public


def with_secrets(public: str) -> str:
    """A URL as it is to be asked for: with the user of its host, and with its own signature."""
    found = public
    if user := _users.get(_host(public)):
        found = found.replace("://", f"://{user}@", 1)
    if query := _queries.get(public):
        found += ("&" if "?" in found else "?") + query
    return found


def _host(public: str) -> str:
    scheme, _, rest = public.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
