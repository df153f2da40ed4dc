"""Pictures in Parquet files: read by row groups, of which a few are kept."""

import threading

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="needs keras-nin[parquet]")

from shards import write_parquet

from nin.data.storage import parquet_shards
from nin.data.storage.parquet_shards import ParquetShards
from nin.data.storage.picture_store import (
    about_size,
    is_stored,
    open_stored,
    read_picture,
    read_pieces,
    stored_size,
)
from nin.data.storage.row_groups import RowGroups
from nin.errors import DataError

ROWS = [(b"picture %d" % number, f"dir/{number}.png", number % 2) for number in range(20)]


def test_a_picture_is_read_by_its_row(tmp_path):
    file = write_parquet(tmp_path / "a.parquet", ROWS)
    for row in (0, 6, 7, 19):
        assert read_picture(f"{file}/{row}/{row}.png") == b"picture %d" % row
    assert read_picture(f"{file}/3") == b"picture 3"
    name = f"{file}/13/13.png"
    assert stored_size(name) == 10
    assert read_pieces(name, [(0, 3), (8, 9), (30, 1)]) == [b"pic", b"13", b""]
    with open_stored(name) as opened:
        assert opened.read() == b"picture 13"
    assert is_stored(name)
    for wrong in ("20", "-1", "x", "1x/0.png"):
        assert not is_stored(f"{file}/{wrong}")
        with pytest.raises(FileNotFoundError, match=r"a\.parquet holds no such picture"):
            read_picture(f"{file}/{wrong}")


def test_about_how_large_a_picture_is_is_known_without_reading_it(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    rows = [(random.bytes(1000 + number), None, 0) for number in range(20)]
    file = write_parquet(tmp_path / "a.parquet", rows, row_group_size=10)
    monkeypatch.setattr(parquet_shards, "_read_group", None)
    for row in (0, 9, 10, 19):
        assert about_size(f"{file}/{row}") == pytest.approx(1010, rel=0.25)
    with pytest.raises(FileNotFoundError, match="holds no such picture"):
        about_size(f"{file}/20")


def test_bytes_alone_are_pictures_as_well_and_null_is_none(tmp_path):
    file = write_parquet(tmp_path / "a.parquet", ROWS[:3], image=[b"x", None, b"z"])
    assert read_picture(f"{file}/2") == b"z"
    with pytest.raises(OSError, match="its row holds no bytes of a picture"):
        read_picture(f"{file}/1")


def test_no_more_groups_are_kept_than_allowed_and_each_is_read_once(tmp_path, monkeypatch):
    rows = [(bytes(1000), None, 0) for _ in range(40)]
    file = str(write_parquet(tmp_path / "a.parquet", rows, row_group_size=10))
    monkeypatch.setattr(parquet_shards, "CACHE", 25_000)
    store, read = ParquetShards(), []
    original = parquet_shards._read_group

    def counted(path, table, group, name):
        read.append(group)
        return original(path, table, group, name)

    monkeypatch.setattr(parquet_shards, "_read_group", counted)
    for row in (0, 5, 10, 15, 9, 20, 1, 11):
        store.read(f"{file}/{row}")
    assert read == [0, 1, 2, 1]


def test_threads_that_want_one_group_wait_for_one_of_them():
    groups, read, started = RowGroups(1), [], threading.Event()

    def slow():
        started.wait(30)
        read.append(1)
        return np.zeros(3)

    threads = [threading.Thread(target=groups.get, args=("a", slow)) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.set()
    for thread in threads:
        thread.join(30)
    assert read == [1]
    with pytest.raises(ZeroDivisionError):
        groups.get("b", lambda: 1 / 0)
    assert groups.get("b", lambda: np.ones(1)) == 1


def test_a_file_that_is_changed_or_damaged_is_not_misread(tmp_path):
    file = write_parquet(tmp_path / "a.parquet", ROWS, row_group_size=7)
    assert read_picture(f"{file}/0") == b"picture 0"
    content = bytearray(file.read_bytes())
    content[4:200] = bytes(196)
    damaged = tmp_path / "b.parquet"
    damaged.write_bytes(content)
    with pytest.raises(OSError, match=r"b\.parquet: its rows 0 to 6 cannot be read"):
        read_picture(f"{damaged}/2")
    write_parquet(file, ROWS[:5])
    with pytest.raises(OSError, match="was changed after it was listed"):
        read_picture(f"{file}/0")


def test_what_cannot_be_read_is_refused_in_one_line(tmp_path, monkeypatch):
    file = write_parquet(tmp_path / "a.parquet", ROWS, row_group_size=20)
    monkeypatch.setattr(parquet_shards, "LARGEST", 100)
    with pytest.raises(DataError, match=r"a\.parquet: a row group has \d+ bytes"):
        ParquetShards().read_table(str(file))
    for name, content in (("none", None), ("half", file.read_bytes()[:-50]), ("empty", b"")):
        path = tmp_path / f"{name}.parquet"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DataError, match=rf"{name}\.parquet: ") as refusal:
            ParquetShards().read_table(str(path))
        assert "\n" not in str(refusal.value)
