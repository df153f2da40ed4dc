"""Finding, checking and downloading a published file, from a server in this process."""

import gzip
import hashlib
import http.server
import os
import re
import threading
from pathlib import Path

import pytest

from nin.data import download
from nin.data.download import RemoteFile, Source
from nin.errors import DataError

CONTENT = os.urandom(400_000)
ZIPPED = gzip.compress(CONTENT)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.rpartition("/")[2]
        responses = {
            "good.gz": ZIPPED,
            "good.tar.gz": CONTENT,
            "other.gz": gzip.compress(CONTENT[::-1]),
            "short.gz": gzip.compress(CONTENT[:-1]),
            "long.gz": gzip.compress(CONTENT + b"x"),
            "page.gz": b"<html>please log in</html>",
            "cut.gz": ZIPPED,
            "cut.tar.gz": CONTENT,
        }
        self.server.requests.append(name)
        if name not in responses:
            self.send_error(404)
            return
        body = responses[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if name.startswith("cut") else body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.requests = []
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def published(name, address, **changes):
    url = f"http://127.0.0.1:{address[1]}/{name}"
    digest = hashlib.sha256(CONTENT).hexdigest()
    file = RemoteFile(url, digest, len(CONTENT), gzipped=not name.endswith(".tar.gz"))
    settings = {"train": 1, "test": 1, "shape": (1, 1, 1), "home": "https://home.example"}
    return file, Source(
        "some-set", ("a", "b"), licence="MIT", citation="", files=(file,), **settings | changes
    )


def left_in(folder):
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


@pytest.mark.parametrize(("name", "kept"), [("good.gz", "good"), ("good.tar.gz", "good.tar.gz")])
def test_a_download_is_kept_and_not_repeated(server, tmp_path, name, kept):
    file, source = published(name, server.server_address)
    assert download.fetch(source, file, tmp_path) == CONTENT
    assert left_in(tmp_path) == [kept]
    assert download.fetch(source, file, tmp_path) == CONTENT
    assert server.requests == [name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.gz", "HTTP 404 Not Found"),
        ("cut.gz", "end"),
        ("cut.tar.gz", "got 200,000 of 400,000 bytes"),
        ("short.gz", "got 399,999 of 400,000 bytes"),
        ("long.gz", "got more than 400,000 bytes"),
        ("other.gz", "got a different file: its SHA-256 differs"),
        ("page.gz", "Not a gzipped file"),
    ],
)
def test_a_failed_download_leaves_nothing_and_lists_all_ways(server, tmp_path, name, reason):
    file, source = published(name, server.server_address, package="apt install some-set")
    with pytest.raises(DataError, match=re.escape(reason)) as raised:
        download.fetch(source, file, tmp_path)
    message = str(raised.value)
    for way in (
        name,
        str(tmp_path / "some-set"),
        "NIN_DATA",
        "`apt install some-set`",
        "https://home",
    ):
        assert way in message
    assert "\n" not in message
    assert left_in(tmp_path) == []


def test_nobody_answers(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    file, source = published("good.gz", ("127.0.0.1", 1))
    with pytest.raises(DataError, match="Connection refused"):
        download.fetch(source, file, tmp_path)
    assert left_in(tmp_path) == []


def test_a_silent_server_is_given_up(tmp_path, monkeypatch):
    import socket

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file, source = published("good.gz", silent.getsockname())
        with pytest.raises(DataError, match="timed out"):
            download.fetch(source, file, tmp_path)


@pytest.mark.parametrize("name", ["good", "good.gz"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_in_the_cache_may_be_compressed_whatever_its_name(tmp_path, name, zipped):
    file, source = published("good.gz", ("127.0.0.1", 1))
    (tmp_path / "some-set").mkdir()
    (tmp_path / "some-set" / name).write_bytes(ZIPPED if zipped else CONTENT)
    assert download.fetch(source, file, tmp_path) == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", ZIPPED[:-9], b"", b"\x1f\x8bxx"])
def test_a_bad_file_in_the_cache_is_named_and_left_alone(tmp_path, content):
    file, source = published("good.gz", ("127.0.0.1", 1))
    path = tmp_path / "some-set" / "good.gz"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(DataError, match="delete it") as raised:
        download.fetch(source, file, tmp_path)
    assert str(raised.value).startswith(f"{path}: ")
    assert path.read_bytes() == content


def test_where_files_are_kept(monkeypatch, tmp_path):
    _, source = published("good.gz", ("127.0.0.1", 1))
    monkeypatch.setenv("NIN_DATA", str(tmp_path / "env"))
    assert download.cache_folder(source) == tmp_path / "env" / "some-set"
    assert download.cache_folder(source, tmp_path / "root") == tmp_path / "root" / "some-set"
    monkeypatch.setenv("NIN_DATA", "")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: f"/caches/{name}")
    assert download.cache_folder(source) == Path("/caches/nin/some-set")


def test_the_systems_package_comes_after_the_cache(tmp_path):
    file, source = published("good.gz", ("127.0.0.1", 1), system=str(tmp_path / "system"))
    assert download.locate(source, file, tmp_path) is None
    (tmp_path / "system").mkdir()
    (tmp_path / "system" / "good.gz").write_bytes(ZIPPED)
    assert download.locate(source, file, tmp_path) == tmp_path / "system" / "good.gz"
    assert download.fetch(source, file, tmp_path) == CONTENT
    (tmp_path / "some-set").mkdir()
    (tmp_path / "some-set" / "good").write_bytes(CONTENT)
    assert download.locate(source, file, tmp_path) == tmp_path / "some-set" / "good"
