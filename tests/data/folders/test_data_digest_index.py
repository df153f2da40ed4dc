"""Files that have not changed are not read again; whatever has changed is noticed."""

from __future__ import annotations

import errno
import os
import time

import numpy as np
import pytest
from shards import write_tar

from nin.data.folders import content, digest_index
from nin.data.folders.content import digest_files
from nin.data.storage import listing_cache
from nin.data.storage.picture_store import TARS


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of files as if many, whose clock is an hour ahead: they have settled."""
    monkeypatch.setenv("NIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(content, "LEAST", 1)
    now = time.time_ns()
    monkeypatch.setattr(listing_cache.time, "time_ns", lambda: now + 3600 * 10**9)
    (tmp_path / "photos").mkdir()
    for number in range(5):
        (tmp_path / f"photos/{number}.jpg").write_bytes(b"picture %d" % number)
    return tmp_path / "photos"


@pytest.fixture
def read(monkeypatch):
    """The names of the files that are read."""
    names = []

    def digest(path, original=content._digest):
        names.append(os.path.basename(path))  # noqa: PTH119
        return original(path)

    monkeypatch.setattr(content, "_digest", digest)
    return names


def newly_read(folder, read):
    """The files that are read to find digests, which are always those of what is in them."""
    read.clear()
    paths = sorted(map(str, folder.iterdir()))
    found = digest_files(paths, folder)
    names = sorted(read)
    np.testing.assert_array_equal(found, digest_files(paths))
    return names


def test_what_has_not_changed_is_not_read_again(folder, read):
    assert len(newly_read(folder, read)) == 5
    assert newly_read(folder, read) == []


def test_pictures_of_a_shard_have_changed_when_the_shard_has(folder, read):
    members = {f"{number}.png": b"picture %d" % number for number in range(3)}
    shard = write_tar(folder / "a.tar", members)
    names = [f"{shard}/{name}" for name in members]
    first = digest_files(names, folder)
    assert read == [*members]
    np.testing.assert_array_equal(digest_files(names, folder), first)
    assert len(read) == 3
    write_tar(shard, {name: content + b"!" for name, content in members.items()})
    TARS.members(str(shard))
    assert not np.isin(digest_files(names, folder), first).any()


def changed_in_place(folder):
    """With its size, and its time of change put back: as only the system's own time shows."""
    path = folder / "1.jpg"
    times = path.stat()
    with path.open("r+b") as file:
        file.write(b"PICTURE")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replaced(folder):
    (folder / "new").write_bytes(b"another 1")
    (folder / "new").replace(folder / "1.jpg")


def exchanged(folder):
    (folder / "2.jpg").rename(folder / "other")
    (folder / "1.jpg").rename(folder / "2.jpg")
    (folder / "other").rename(folder / "1.jpg")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (changed_in_place, ["1.jpg"]),
        (replaced, ["1.jpg"]),
        (exchanged, ["1.jpg", "2.jpg"]),
        (lambda folder: (folder / "9.jpg").write_bytes(b"picture 9"), ["9.jpg"]),
        (lambda folder: (folder / "1.jpg").rename(folder / "9.jpg"), ["9.jpg"]),
        (lambda folder: (folder / "1.jpg").unlink(), []),
    ],
)
def test_what_has_changed_is_noticed(folder, read, change, names):
    newly_read(folder, read)
    change(folder)
    assert newly_read(folder, read) == names
    assert newly_read(folder, read) == []


def test_what_may_yet_change_within_one_tick_is_read_again(folder, read, monkeypatch):
    newest = max(path.stat().st_ctime_ns for path in folder.iterdir())
    monkeypatch.setattr(listing_cache.time, "time_ns", lambda: newest + 10**9)
    assert len(newly_read(folder, read)) == 5
    assert len(newly_read(folder, read)) == 5


def test_what_cannot_be_read_is_tried_again(folder, read):
    (folder / "broken.jpg").symlink_to("nowhere")
    newly_read(folder, read)
    assert newly_read(folder, read) == ["broken.jpg"]


def test_what_could_not_be_read_once_is_not_known_by_its_name(folder, read, monkeypatch):
    paths = sorted(map(str, folder.iterdir()))

    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(content, "read_pieces", fail)
        digest_files(paths, folder)
    assert len(newly_read(folder, read)) == 5
    assert newly_read(folder, read) == []


def test_large_files_that_differ_between_the_pieces_that_are_read(tmp_path):
    background = np.zeros(300_000, np.uint8)
    paths = []
    for place in (100_000, 101_000):
        pixels = background.copy()
        pixels[place] = 1
        (tmp_path / f"{place}.bmp").write_bytes(pixels.tobytes())
        paths.append(str(tmp_path / f"{place}.bmp"))
    one, other = digest_files(paths)
    assert one != other


def test_an_index_that_is_damaged_is_made_anew(folder, read):
    newly_read(folder, read)
    [index] = (folder.parent / "cache/digests").iterdir()
    index.write_bytes(index.read_bytes()[:-3])
    assert len(newly_read(folder, read)) == 5
    assert newly_read(folder, read) == []


def test_what_has_gone_is_forgotten_when_there_is_too_much(folder, read, monkeypatch):
    newly_read(folder, read)
    monkeypatch.setattr(digest_index, "MOST", 6)
    (folder / "0.jpg").unlink()
    for number in range(5, 9):
        (folder / f"{number}.jpg").write_bytes(b"picture %d" % number)
    assert len(newly_read(folder, read)) == 4
    assert newly_read(folder, read) == []
    [index] = (folder.parent / "cache/digests").iterdir()
    assert index.stat().st_size == 16 + 8 * 24


def test_few_files_leave_nothing(folder, monkeypatch):
    monkeypatch.setattr(content, "LEAST", digest_index.LEAST)
    digest_files(sorted(map(str, folder.iterdir())), folder)
    assert not (folder.parent / "cache").exists()
