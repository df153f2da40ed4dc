"""Recognises URLs, and removes their secrets (passwords, keys, signatures) from what is shown.

Secrets are kept in this process only, and are put back into a URL only to open it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from os.path import commonpath
from typing import NamedTuple

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
#: A URL within a sentence, without the punctuation that follows it.
_URL = re.compile(r"[a-z][a-z0-9+.-]+://[^\s'\"<>|]*[^\s'\"<>|:;,.)\]]", re.IGNORECASE)

#: Query parameters that sign a URL or identify the user: of S3 and Google; and of Azure, whose
#: short names count only if there is a signature.
_SECRET = re.compile(
    r"(x-amz|x-goog)-.*|.*(signature|token|secret|password|passwd|credential|api_?key|auth).*"
    r"|sig|key|pwd|awsaccesskeyid|googleaccessid|expires|policy|key-pair-id",
    re.IGNORECASE,
)
_AZURE = re.compile(r"s[a-z]{1,4}|sig")

#: Schemes whose user name alone is no secret, since a key or a password goes with it.
_NAMED = ("sftp", "ssh")


#: Secrets of the URLs that this process was given: users by host and folder, queries by public URL.
_users: dict[str, dict[str, str]] = {}
_queries: dict[str, str] = {}


class ParsedUrl(NamedTuple):
    """A URL split into its public and its secret parts.

    Attributes:
        public: the URL without its secrets.
        user: user name and password, as written before ``@``; empty if there is no secret.
        query: the secret parameters of the query, joined by ``&``.
    """

    public: str
    user: str
    query: str


def is_url(name: object) -> bool:
    """Whether a name is a URL, such as ``s3://bucket/photos``; ``file://`` is a local path."""
    text = str(name)
    return _SCHEME.match(text) is not None and not text.lower().startswith("file://")


def parse_url(url: str) -> ParsedUrl:
    """Split a URL into its public and its secret parts."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    place, question, query = rest.partition("?")
    host, slash, path = place.partition("/")
    user, at, host = host.rpartition("@")
    kept = ""
    if scheme in _NAMED and user and ":" not in user:
        kept, user = f"{user}{at}", ""
    open_, secret = _sorted(query)
    public = f"{scheme}://{kept}{host}{slash}{path}{question if open_ else ''}{open_}"
    return ParsedUrl(public, user, secret)


def without_credentials(text: str) -> str:
    """`text` with passwords, keys and signatures removed from all its URLs."""
    if "://" not in text:
        return text
    return _URL.sub(lambda found: parse_url(found[0]).public, text)


def argument_without_credentials(argument: str) -> str:
    """A command line's argument, a URL or an option with one, without its secrets.

    All of it belongs to the URL, with spaces and quotes; `without_credentials` would stop there.
    """
    option, equals, value = argument.partition("=") if argument.startswith("-") else ("", "", "")
    if is_url(value):
        argument = f"{option}{equals}{parse_url(value).public}"
    elif is_url(argument):
        argument = parse_url(argument).public
    return without_credentials(argument)


def remember(url: str) -> str:
    """Keep the secrets of a URL for this process, and return the URL without them."""
    public, user, query = parse_url(url)
    if user:
        host, folder = _host(public), public.rpartition("/")[0]
        known = {
            place: user if _name(each) == _name(user) else each  # A password may be corrected.
            for place, each in _users.get(host, {}).items()
            if place != folder
        }
        _users[host] = {**known, folder: user}  # A new dictionary: threads may be reading.
    if query:
        _queries[public] = query
    return public


def share_signature(public: str, others: Iterable[str]) -> None:
    """Let other URLs be opened with this one's signature, such as the files of a pattern."""
    if query := _queries.get(public):
        _queries.update(dict.fromkeys(others, query))


def with_secrets(public: str) -> str:
    """The URL to open: with its user and with its own signature."""
    found = public
    if user := _user_of(public):
        found = found.replace("://", f"://{user}@", 1)
    if query := _queries.get(public):
        found += ("&" if "?" in found else "?") + query
    return found


def _name(user: str) -> str:
    return user.partition(":")[0]


def _user_of(public: str) -> str:
    """The user of the nearest folder on its host, the latest of several; empty if there is none."""
    known = _users.get(_host(public), {})
    nearest = max(reversed(known), key=lambda place: len(commonpath((place, public))), default="")
    return known.get(nearest, "")


def _sorted(query: str) -> tuple[str, str]:
    """The public parameters of a query, and the secret ones."""
    parts = [part for part in query.split("&") if part]
    names = [part.partition("=")[0] for part in parts]
    signed = "sig" in names
    hidden = [bool(_SECRET.fullmatch(n) or (signed and _AZURE.fullmatch(n))) for n in names]
    open_ = "&".join(part for part, secret in zip(parts, hidden, strict=True) if not secret)
    return open_, "&".join(part for part, secret in zip(parts, hidden, strict=True) if secret)


def _host(public: str) -> str:
    scheme, _, rest = public.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
