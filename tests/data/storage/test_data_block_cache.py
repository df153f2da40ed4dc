"""Pieces of files behind URLs: only what is needed is fetched, once, and never what has changed."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor

import fsspec
import pytest

from nin.data.storage.remote_files import REMOTE
from nin.errors import SourceError

pytestmark = pytest.mark.usefixtures("small_blocks")
CONTENT = random.Random(0).randbytes(1050)


@pytest.fixture
def url(server):
    (server.folder / "a.tar").write_bytes(CONTENT)
    return f"{server.url}/a.tar"


def test_any_piece_is_that_of_the_file(url):
    places = [(0, 10), (95, 10), (1000, 100), (1049, 5), (1050, 5), (0, 2000), (250, 500)]
    assert REMOTE.read_at(url, places) == [CONTENT[a : a + n] for a, n in places]
    assert REMOTE.size(url) == 1050


def test_only_the_blocks_that_are_needed_are_fetched(server, url):
    REMOTE.read_at(url, [(210, 20), (230, 100)])
    assert server.sent == 1 + 200  # One byte to know the size.
    REMOTE.read_at(url, [(200, 200)])
    assert server.sent == 1 + 200


def test_what_was_fetched_once_is_on_the_disk(fresh, server, url):
    REMOTE.read(url)
    fresh()
    sent = server.sent
    assert REMOTE.read(url) == CONTENT
    assert server.sent == sent + 1


def test_a_block_that_is_damaged_on_the_disk_is_fetched_again(fresh, url, tmp_path):
    REMOTE.read(url)
    for path in (tmp_path / "cache/blocks").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    fresh()
    assert REMOTE.read(url) == CONTENT


def test_without_a_place_to_keep_them_blocks_are_held_in_memory(server, url, monkeypatch):
    monkeypatch.setenv("NIN_CACHE", "/dev/null/nin-cache")
    REMOTE.read_at(url, [(0, 100)])
    sent = server.sent
    assert REMOTE.read_at(url, [(50, 10)]) == [CONTENT[50:60]]
    assert server.sent == sent


def test_a_server_without_ranges_sends_a_file_once(server, url):
    server.ranges = False
    assert REMOTE.read_at(url, [(500, 20)]) == [CONTENT[500:520]]
    sent = server.sent
    assert REMOTE.read(url) == CONTENT
    assert server.sent == sent


def test_many_that_want_one_block_wait_for_one_answer(server, url):
    REMOTE.size(url)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: REMOTE.read_at(url, [(0, 50)]), range(32)))
    assert found == [[CONTENT[:50]]] * 32
    assert server.requests["/a.tar"] == 2


def test_a_file_that_changes_meanwhile_is_refused(server, url):
    REMOTE.read_at(url, [(0, 10)])
    (server.folder / "a.tar").write_bytes(bytes(1050))
    with pytest.raises(SourceError, match=r"a.tar: was changed after it was listed: start again"):
        REMOTE.read_at(url, [(500, 10)])


def test_another_file_of_that_name_is_not_mistaken_for_the_old_one(fresh, server, url):
    REMOTE.read(url)
    (server.folder / "a.tar").write_bytes(bytes(1050))
    os.utime(server.folder / "a.tar", ns=(0, 0))
    fresh()
    assert REMOTE.read(url) == bytes(1050)


def test_an_empty_file_is_empty(server):
    (server.folder / "empty").touch()
    assert REMOTE.read(f"{server.url}/empty") == b""


def test_a_large_file_is_read_as_it_is_wanted(url):
    with REMOTE.open(url) as file:
        file.seek(-10, os.SEEK_END)
        assert file.read() == CONTENT[-10:]
        file.seek(3)
        assert file.read(500) == CONTENT[3:503]
        assert file.tell() == 503


@pytest.mark.usefixtures("fresh")
def test_a_file_in_a_bucket_that_changes_meanwhile_is_refused():
    files = fsspec.filesystem("memory")
    files.pipe("/in/a.tar", b"a" * 300)
    list(REMOTE.scan("memory://in"))
    assert REMOTE.read_at("memory://in/a.tar", [(0, 10)]) == [b"a" * 10]
    files.pipe("/in/a.tar", b"b" * 300)
    with pytest.raises(SourceError, match="was changed after it was listed"):
        REMOTE.read_at("memory://in/a.tar", [(200, 10)])
    files.rm("/in", recursive=True)


def test_threads_that_need_blocks_of_a_file_that_comes_whole_wait_for_one_response(
    server, url, monkeypatch
):
    server.ranges = False
    monkeypatch.setenv("NIN_CACHE_SIZE", "0")
    REMOTE.read_at(url, [(0, 10)])
    before, server.delay = server.requests["/a.tar"], 0.0002
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(lambda at: REMOTE.read_at(url, [(at, 10)]), (0, 50, 100, 150))]
    assert found == [[CONTENT[at : at + 10]] for at in (0, 50, 100, 150)]
    assert server.requests["/a.tar"] == before + 1


def test_a_server_that_has_ranges_after_all(server, url, monkeypatch):
    server.ranges = False
    monkeypatch.setenv("NIN_CACHE_SIZE", "0")
    REMOTE.read_at(url, [(0, 10)])
    server.ranges, server.delay = True, 0.0005
    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(lambda at: REMOTE.read_at(url, [(at, 10)]), (300, 50, 100, 750))]
    assert found == [[CONTENT[at : at + 10]] for at in (300, 50, 100, 750)]


@pytest.mark.usefixtures("fresh")
def test_an_etag_may_be_quoted_in_one_place_only(monkeypatch):
    files = fsspec.filesystem("memory")
    files.pipe("/in/a.tar", b"a" * 300)
    kind = type(files)
    listed, stated = kind.ls, kind.info
    monkeypatch.setattr(
        kind, "ls", lambda *a, **k: [{**each, "etag": "0x8D"} for each in listed(*a, **k)]
    )
    monkeypatch.setattr(kind, "info", lambda *a, **k: {**stated(*a, **k), "etag": '"0x8D"'})
    list(REMOTE.scan("memory://in"))
    assert REMOTE.read("memory://in/a.tar") == b"a" * 300
    files.rm("/in", recursive=True)
