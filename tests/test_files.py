"""Files that are whole or absent."""

import errno
import json
import os
import resource
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from nin import files
from nin.errors import NinError
from nin.files import beginning, did_you_mean, replacing, replacing_path, write_bytes, write_json


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    return path


def only(path):
    """Whether `path` is alone in its folder: nothing temporary is left."""
    return [*path.parent.iterdir()] == [path]


def test_the_new_content_appears_only_at_the_end(old):
    with replacing(old) as file:
        file.write(b"new")
        file.flush()
        assert old.read_bytes() == b"old"
    assert old.read_bytes() == b"new"
    assert only(old)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_inside_leaves_the_old_content_and_nothing_else(old, error):
    def write():
        with replacing(old) as file:
            file.write(b"new")
            raise error

    with pytest.raises(error):
        write()
    assert old.read_bytes() == b"old"
    assert only(old)


def test_an_error_inside_leaves_no_file_where_there_was_none(tmp_path):
    with pytest.raises(ValueError, match="stop"), replacing(tmp_path / "file"):
        raise ValueError("stop")
    assert [*tmp_path.iterdir()] == []


def test_a_disk_that_fills_up_at_the_last_moment(old, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NinError, match=rf"^cannot write {old}: No space left on device$"):
        write_bytes(old, b"new")
    assert old.read_bytes() == b"old"
    assert only(old)


def test_a_file_that_may_not_grow_is_not_left_half_written(old):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(NinError, match=r"^cannot write .*: File too large$"):
            write_bytes(old, b"new" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert old.read_bytes() == b"old"
    assert only(old)


def test_a_second_name_for_the_old_file_keeps_the_old_content(old, tmp_path):
    os.link(old, tmp_path / "other")
    write_bytes(old, b"new")
    assert (tmp_path / "other").read_bytes() == b"old"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0, 0o666)])
def test_permissions_are_those_of_any_new_file(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        write_bytes(tmp_path / "file", b"")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_of_what_is_replaced_stay(old, mode):
    old.chmod(mode)
    write_bytes(old, b"new")
    assert old.stat().st_mode & 0o777 == mode


def test_folders_on_the_way_are_made(tmp_path):
    write_bytes(tmp_path / "a/b/file", b"new")
    assert (tmp_path / "a/b/file").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("path", "said"),
    [("file/below", "file is not a folder"), ("folder", "Is a directory"), ("x" * 300, "too long")],
)
def test_a_path_that_cannot_be_written_is_one_line(old, path, said):
    (old.parent / "folder").mkdir()
    with pytest.raises(NinError, match=f"^cannot write .*{said}$"):
        write_bytes(old.parent / path, b"new")
    assert sorted(each.name for each in old.parent.iterdir()) == ["file", "folder"]
    assert old.read_bytes() == b"old"


@pytest.mark.parametrize("path", ["folder", "x" * 300, "file/below"])
def test_it_is_known_before_there_is_anything_to_write(old, path):
    (old.parent / "folder").mkdir()
    with pytest.raises(NinError, match="cannot write"), replacing(old.parent / path):
        pytest.fail("begun in vain")


@pytest.mark.parametrize("name", ["x" * 255, "犬" * 85, "e\u0301" * 85, os.fsdecode(b"\xe9" * 255)])
def test_a_name_may_be_as_long_as_any(tmp_path, name):
    write_bytes(tmp_path / name, b"new")
    assert (tmp_path / name).read_bytes() == b"new"
    for content in (b"first", b"second"):
        with replacing_path(tmp_path / name) as path:
            path.write_bytes(content)
    assert (tmp_path / name).read_bytes() == b"second"
    assert only(tmp_path / name)


def test_a_name_is_cut_between_characters():
    assert [beginning("a犬é", most) for most in range(7)] == [
        "",
        "a",
        "a",
        "a",
        "a犬",
        "a犬",
        "a犬é",
    ]


def test_json_is_readable_and_any_file_name_survives(tmp_path):
    value = {"name": os.fsdecode(b"caf\xe9"), "é": ["犬", '"', "\\", None, 1.5]}
    write_json(tmp_path / "file", value)
    text = (tmp_path / "file").read_text(encoding="utf-8")
    assert json.loads(text) == value
    assert '"é"' in text
    assert text.endswith("}\n")
    assert len(text.splitlines()) > 5


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}])
def test_json_takes_nothing_that_json_has_not(old, value):
    with pytest.raises((ValueError, TypeError)):
        write_json(old, value)
    assert old.read_bytes() == b"old"
    assert only(old)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    for name in ("a", "b", "old"):
        (path / name).write_text("old")
    return path


def renew(folder):
    with replacing_path(folder) as new:
        new.mkdir()
        for name in ("a", "b"):
            (new / name).write_text("new")


@pytest.fixture(params=["at once", "in two steps"])
def way(request, monkeypatch):
    """Folders are exchanged as this system can, and as one that cannot would do it."""
    if request.param == "in two steps":
        monkeypatch.setattr(files, "_exchanged", lambda *_: False)


@pytest.mark.usefixtures("way")
def test_a_folder_takes_the_place_of_another(folder):
    renew(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "new", "b": "new"}
    assert only(folder)


@pytest.mark.usefixtures("way")
def test_permissions_in_a_folder_stay(folder):
    folder.chmod(0o750)
    (folder / "a").chmod(0o600)
    plain = (folder / "b").stat().st_mode
    renew(folder)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert (folder / "a").stat().st_mode & 0o777 == 0o600
    assert (folder / "b").stat().st_mode == plain


@pytest.mark.usefixtures("way")
def test_an_error_leaves_the_old_folder_and_nothing_else(folder):
    def write():
        with replacing_path(folder) as new:
            new.mkdir()
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        write()
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b", "old"]
    assert only(folder)


def test_a_new_folder_that_cannot_be_put_there_leaves_the_old_one(folder, monkeypatch):
    monkeypatch.setattr(files, "_exchanged", lambda *_: False)
    with pytest.raises(NinError, match=r"^cannot write"), replacing_path(folder):
        pass  # There is nothing to put there.
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b", "old"]
    assert only(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="one step on Linux only")
def test_there_is_a_folder_at_every_moment(folder):
    there, stop = [], threading.Event()

    def watch():
        while not stop.is_set():
            there.append((folder / "a").exists())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        for _ in range(100):
            renew(folder)
    finally:
        stop.set()
        watcher.join(10)
    assert there
    assert all(there)


def test_all_of_a_folder_is_on_the_disk_before_it_takes_the_place(folder, monkeypatch):
    flushed, sync = [], os.fsync

    def note(number):
        flushed.append(Path(f"/proc/self/fd/{number}").readlink().name)
        if flushed[-1] in ("a", "b"):
            assert (folder / "a").read_text() == "old"
        sync(number)

    monkeypatch.setattr(os, "fsync", note)
    renew(folder)
    assert sorted(flushed[:3]) == ["a", "b", "folder"]
    assert flushed[3:] == [folder.parent.name]


def test_a_link_to_nothing_is_not_what_was_meant(tmp_path):
    (tmp_path / "photos").mkdir()
    assert did_you_mean(tmp_path / "fotos") == f": did you mean {tmp_path / 'photos'}?"
    for target in ("nothing", "loop"):
        (tmp_path / "loop").unlink(missing_ok=True)
        (tmp_path / "loop").symlink_to(tmp_path / target)
        expected = ": it is a link, and what it leads to is not there"
        assert did_you_mean(tmp_path / "loop") == expected
    assert did_you_mean(tmp_path / "quite another") == ""


def test_a_read_only_file_system_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    assert files.obstacle(tmp_path) == f"{tmp_path}: Read-only file system"
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=0))
    assert files.obstacle(tmp_path) == f"{tmp_path}: Permission denied"
