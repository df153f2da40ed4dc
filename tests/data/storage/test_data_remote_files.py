"""Folders and files behind URLs, used as those of this machine are."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest

from nin.data.storage.picture_store import is_stored, open_stored, read_picture, stored_size
from nin.data.storage.remote_files import REMOTE
from nin.data.storage.url_path import UrlPath, source_path
from nin.errors import SourceError


@pytest.fixture
def photos(fresh):  # noqa: ARG001 - it is for the state that it leaves
    files = fsspec.filesystem("memory")
    files.pipe(
        {"/photos/cat/1.jpg": b"one", "/photos/cat/2.jpg": b"two", "/photos/labels.csv": b"a"}
    )
    yield source_path("memory://photos")
    files.rm("/photos", recursive=True)


def test_a_folder_is_listed(photos):
    found = {entry.name: entry for entry in REMOTE.scan("memory://photos")}
    assert sorted(found) == ["cat", "labels.csv"]
    assert found["cat"].is_dir()
    assert not found["cat"].is_file()
    assert found["labels.csv"].is_file()
    assert found["labels.csv"].path == "memory://photos/labels.csv"
    assert sorted(map(str, (photos / "cat").iterdir())) == [
        "memory://photos/cat/1.jpg",
        "memory://photos/cat/2.jpg",
    ]


@pytest.mark.usefixtures("photos")
def test_pictures_are_read_by_their_urls():
    name = "memory://photos/cat/2.jpg"
    assert read_picture(name) == b"two"
    assert stored_size(name) == 3
    assert is_stored(name)
    assert not is_stored("memory://photos/cat/3.jpg")
    with open_stored(name) as file:
        assert file.read() == b"two"


def test_a_url_is_asked_like_a_path(photos):
    assert photos.is_dir()
    assert not photos.is_file()
    assert not (photos / "dog").exists()
    picture = photos / "cat/1.jpg"
    assert picture.is_file()
    assert picture.read_bytes() == b"one"
    assert picture.read_text() == "one"
    assert (picture.name, picture.suffix) == ("1.jpg", ".jpg")
    assert (str(picture.parent), picture.as_posix()) == ("memory://photos/cat", str(picture))
    assert str(picture.relative_to(photos)) == "cat/1.jpg"
    assert str(Path(str(picture)).relative_to(photos)) == "cat/1.jpg"
    assert photos.resolve() == photos.absolute() == photos.expanduser() == photos
    with picture.open("rb") as binary, picture.open(encoding="ascii") as text:
        assert (binary.read(), text.read()) == (b"one", "one")
    with pytest.raises(OSError, match="cannot write to a URL"):
        picture.open("wb")


def test_a_path_of_pathlib_is_a_url_if_it_was_one():
    assert str(source_path(Path("s3://bucket/a"))) == "s3://bucket/a"
    assert isinstance(source_path(Path("s3://bucket/a")), UrlPath)
    assert source_path("file:///a/b") == Path("/a/b")
    assert source_path("~") == Path.home()
    assert not isinstance(source_path("a/b"), UrlPath)


def test_a_folder_over_http_cannot_be_listed(server):
    folder = source_path(f"{server.url}/photos")
    assert folder.is_dir()
    server.faults = [403]  # As many servers respond to a folder.
    assert not folder.is_file()
    said = (
        r"photos: a server does not list its folders over http: name shards, such as .*labels.csv"
    )
    with pytest.raises(SourceError, match=said):
        list(folder.iterdir())


@pytest.mark.usefixtures("photos")
def test_a_folder_may_hold_one_of_its_own_name():
    files = fsspec.filesystem("memory")
    files.pipe({"/photos/photos/3.jpg": b"three", "/photos/cat/cat": b""})
    assert "photos" in {entry.name for entry in REMOTE.scan("memory://photos")}
    assert "cat" in {entry.name for entry in REMOTE.scan("memory://photos/cat")}


@pytest.mark.usefixtures("photos")
def test_a_link_is_the_file_that_it_leads_to(monkeypatch):
    kind = type(fsspec.filesystem("memory"))
    listed = kind.ls

    def as_links(*arguments, **options):
        return [{**each, "type": "link", "size": 1} for each in listed(*arguments, **options)]

    monkeypatch.setattr(kind, "ls", as_links)
    assert {entry.is_file() for entry in REMOTE.scan("memory://photos/cat")} == {True}
    assert read_picture("memory://photos/cat/1.jpg") == b"one"


@pytest.mark.usefixtures("photos")
def test_a_picture_in_a_bucket_is_one_request(monkeypatch):
    kind, asked = type(fsspec.filesystem("memory")), []
    stated = kind.info
    monkeypatch.setattr(kind, "info", lambda *a, **k: asked.append(a) or stated(*a, **k))
    list(REMOTE.scan("memory://photos/cat"))
    assert read_picture("memory://photos/cat/1.jpg") == b"one"
    assert not asked
