"""What is kept to save time: whole or absent, noticed when damaged, and bounded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nin.data.storage import cache_folder
from nin.data.storage.cache_folder import CacheFolder, cache_size
from nin.errors import DataError


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("NIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache/blocks"


@pytest.mark.usefixtures("place")
def test_what_was_put_is_found_again_by_anybody():
    CacheFolder("blocks").put("a key", b"content")
    assert CacheFolder("blocks").get("a key") == b"content"
    assert CacheFolder("blocks").get("another key") is None
    assert CacheFolder("others").get("a key") is None


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: c[:5], lambda c: c[:-1] + b"T"])
def test_what_is_damaged_is_not_there(place, damage):
    cache = CacheFolder("blocks")
    cache.put("a key", b"content")
    [path] = place.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert cache.get("a key") is None
    assert not list(place.iterdir())


@pytest.mark.parametrize("use", [lambda c: c.get("1"), lambda c: c.get_piece("1", 0, 5)])
def test_what_was_not_used_for_longest_goes_first(place, use):
    cache = CacheFolder("blocks", limit=1000)
    for number in range(9):
        cache.put(f"{number}", b"%d" % number * 80)
        for path in place.iterdir():  # Each is a second older than the next.
            os.utime(path, ns=(0, path.stat().st_mtime_ns - 10**9))
    assert use(cache) is not None  # It is used now.
    for number in range(9, 12):
        cache.put(f"{number}", b"%d" % (number % 10) * 80)
    assert sum(path.stat().st_size for path in place.iterdir()) <= 1000
    kept = [number for number in range(12) if cache.get(f"{number}") is not None]
    assert kept[0] == 1
    assert kept[1:] == list(range(13 - len(kept), 12))


def test_more_than_all_that_may_be_kept_is_not(place):
    CacheFolder("blocks", limit=10).put("a key", bytes(11))
    assert not place.exists()


def test_a_place_that_cannot_be_written_keeps_nothing(monkeypatch):
    monkeypatch.setenv("NIN_CACHE", "/dev/null/nin-cache")
    cache = CacheFolder("blocks")
    cache.put("a key", b"content")
    assert cache.get("a key") is None


def test_it_is_in_the_users_cache_unless_it_is_said_where(monkeypatch):
    monkeypatch.setenv("NIN_CACHE", "")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: f"/caches/{name}")
    assert CacheFolder("blocks").path == Path("/caches/nin/blocks")


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("", cache_folder.LIMIT),
        ("0", 0),
        ("1000", 1000),
        ("50GB", 50 * 10**9),
        ("1.5 m", 1_500_000),
    ],
)
def test_how_much_is_kept(monkeypatch, given, size):
    monkeypatch.setenv("NIN_CACHE_SIZE", given)
    assert cache_size() == size


@pytest.mark.parametrize("given", ["much", "-1", "5 apples"])
def test_what_is_no_size_is_refused(monkeypatch, given):
    monkeypatch.setenv("NIN_CACHE_SIZE", given)
    with pytest.raises(DataError, match=f"NIN_CACHE_SIZE={given}: .*such as 50GB"):
        CacheFolder("blocks")


def test_what_is_damaged_is_not_there_even_if_it_cannot_be_deleted(place, monkeypatch):
    cache = CacheFolder("blocks")
    cache.put("a key", b"content")
    [path] = place.iterdir()
    path.write_bytes(path.read_bytes()[:-1] + b"T")

    def refuse(*_, **__):
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refuse)
    assert cache.get("a key") is None
    assert cache.get_piece("a key", 0, 3) is not None  # It was whole when it was put.
    assert CacheFolder("blocks").get_piece("a key", 0, 3) is None
