"""What a server refuses is one line at once; what may pass is tried again."""

from __future__ import annotations

import socket
import sys
from unittest.mock import MagicMock

import pytest

from nin.data.storage import block_cache, remote_access, remote_content
from nin.data.storage.remote_access import persistently
from nin.data.storage.remote_files import REMOTE
from nin.data.storage.url_path import source_path
from nin.errors import DataError, SourceError


@pytest.fixture
def picture(server):
    (server.folder / "a.jpg").write_bytes(b"a picture")
    return f"{server.url}/a.jpg"


@pytest.mark.parametrize(
    ("faults", "said", "requests"),
    [
        ([401], r"a.jpg: access is refused \(401\): .* credentials are a line in ~/.netrc", 1),
        ([403], r"a.jpg: access is refused \(403\): it is private, not there, or its signature", 1),
        ([418], "a.jpg: the server responds with HTTP 418: check the URL", 1),
        ([500], "a.jpg: HTTP 500, also 2 times after that: is the server there", 3),
        ([429], "a.jpg: HTTP 429, also 2 times after that", 3),
        (["half"], "a.jpg: only a part of the file came, also 2 times", 4),
        (["reset"], "a.jpg: Server disconnected, also 2 times", None),
    ],
)
def test_what_stays_wrong_is_one_line(server, picture, faults, said, requests):
    server.faults = faults
    with pytest.raises(SourceError, match=said) as caught:
        REMOTE.read(picture)
    assert "\n" not in str(caught.value)
    if requests is not None:  # The client, too, tries again where a connection was closed.
        assert server.requests["/a.jpg"] == requests


@pytest.mark.parametrize("fault", [500, 503, 429, "reset", "half"])
def test_what_passes_is_not_seen(server, picture, fault):
    server.faults = [fault, fault, None]
    assert REMOTE.read(picture) == b"a picture"


def test_a_slow_server_is_read_as_long_as_bytes_come(server, picture, monkeypatch):
    monkeypatch.setattr(remote_access, "TIMEOUT", 0.4)
    server.delay = 0.1
    assert REMOTE.read(picture) == b"a picture"


def test_a_server_that_sends_nothing_is_one_line(server, picture, monkeypatch):
    monkeypatch.setattr(remote_access, "TIMEOUT", 0.05)
    server.delay = 0.4
    with pytest.raises(SourceError, match="no response within 0 s, also 2 times after that"):
        REMOTE.read(picture)


@pytest.mark.parametrize("scheme", ["sftp", "SSH"])
@pytest.mark.usefixtures("fresh")
def test_ssh_is_given_what_it_takes(monkeypatch, scheme):
    seen = {}

    class Client:
        """What the driver needs of paramiko's."""

        def set_missing_host_key_policy(self, _):
            pass

        def connect(self, host, port=22, username=None, password=None):
            seen.update(host=host, port=port, username=username, password=password)

        def open_sftp(self):
            return None

    paramiko = MagicMock(SSHClient=Client)
    monkeypatch.setitem(sys.modules, "paramiko", paramiko)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.sftp", raising=False)
    url = str(source_path(f"{scheme}://anna:secret@host/photos"))
    _, path = remote_access.file_system(url)
    monkeypatch.delitem(sys.modules, "fsspec.implementations.sftp", raising=False)
    assert path == "/photos"
    assert seen == {"host": "host", "port": 22, "username": "anna", "password": "secret"}


@pytest.mark.usefixtures("picture")
def test_what_is_not_there_is_not_asked_for_again(server):
    with pytest.raises(FileNotFoundError, match="404"):
        REMOTE.read(f"{server.url}/b.jpg")
    assert server.requests["/b.jpg"] == 1


@pytest.mark.usefixtures("fresh")
def test_a_server_that_is_not_there_is_one_line():
    with pytest.raises(
        SourceError, match=r"http://127.0.0.1:9/a.jpg: Cannot connect .* is the server"
    ):
        REMOTE.read("http://127.0.0.1:9/a.jpg")


def test_the_pauses_grow(monkeypatch):
    slept = []
    monkeypatch.setattr(remote_access.time, "sleep", slept.append)

    def fail():
        raise TimeoutError

    with pytest.raises(SourceError, match="no response within 60 s, also 5 times after that"):
        persistently("https://host/a", fail)
    assert slept == [0, 0.5, 1, 2, 4, 8]


class NoCredentialsError(Exception):
    """As botocore has one."""


class CertificateError(OSError):
    """As aiohttp has one."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "s3://b/a: no credentials were found.*AWS_ACCESS_KEY_ID"),
        (PermissionError(), r"s3://b/a: access is refused \(403\).*FSSPEC_S3_ANON=true"),
        (CertificateError(), "s3://b/a: its certificate is not trusted.*SSL_CERT_FILE"),
    ],
)
def test_what_drivers_raise_says_what_to_do(error, said):
    def fail():
        raise error

    with pytest.raises(SourceError, match=said):
        persistently("s3://b/a", fail)


def test_a_mistake_of_ours_is_no_fault_of_a_server():
    def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        persistently("s3://b/a", fail)


@pytest.mark.usefixtures("fresh")
def test_a_driver_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(SourceError, match="s3://b/a: s3:// needs a driver: pip install s3fs"):
        source_path("s3://b/a").exists()


@pytest.mark.usefixtures("fresh")
def test_a_scheme_that_nobody_knows_is_refused():
    with pytest.raises(SourceError, match="foo://b/a: foo:// is not known: possible are https, s3"):
        source_path("foo://b/a").exists()


def test_a_limit_that_is_none_is_refused_before_any_server_is_asked(server, picture, monkeypatch):
    monkeypatch.setenv("NIN_CACHE_SIZE", "lots")
    for ask in (REMOTE.read, REMOTE.exists):
        with pytest.raises(DataError, match=r"^NIN_CACHE_SIZE=lots: .* such as 50GB$"):
            ask(picture)
    assert not server.requests


@pytest.mark.usefixtures("picture")
def test_credentials_are_sent_and_not_written(server):
    host = server.url.removeprefix("http://")
    path = source_path(f"http://anna:secret@{host}/a.jpg?X-Amz-Signature=0f&id=5")
    assert str(path) == f"{server.url}/a.jpg?id=5"
    assert path.read_bytes() == b"a picture"
    assert server.headers["Authorization"].startswith("Basic ")
    assert server.query == "id=5&X-Amz-Signature=0f"
    server.faults = [403]
    with pytest.raises(SourceError) as caught:
        source_path(f"http://anna:secret@{host}/b.jpg?token=0f").read_bytes()
    assert not {"secret", "0f", "anna"} & set(str(caught.value).replace(":", " ").split())


@pytest.mark.parametrize("url", ["https://[x/a.tar", "https://host:abc/a.tar"])
def test_a_mistyped_url_is_one_line(fresh, url):  # noqa: ARG001
    with pytest.raises(SourceError, match=r"is not a valid URL \(.*\): check it"):
        REMOTE.read(url)


def test_a_server_without_ranges_and_a_large_file(server, picture, monkeypatch):
    monkeypatch.setattr(remote_content, "_WHOLE", 4)
    monkeypatch.setattr(block_cache, "BLOCK", 4)
    server.ranges = False
    with pytest.raises(SourceError, match="does not support ranges, and the file has 9 bytes"):
        REMOTE.read_at(picture, [(0, 4)])


@pytest.mark.usefixtures("fresh")
def test_a_proxy_that_says_nothing_is_one_line(monkeypatch):
    monkeypatch.setattr(remote_access, "TIMEOUT", 0.2)
    monkeypatch.delenv("no_proxy", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(SourceError, match="no response within"):
            REMOTE.read("https://example.invalid/a.jpg")
