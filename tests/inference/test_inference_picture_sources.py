"""The pictures that are meant by files, folders and shards."""

import io
from types import SimpleNamespace

import pytest
from shards import write_tar

from nin.errors import DataError
from nin.inference.picture_sources import find_pictures


def test_of_shards_all_pictures_are_meant_labelled_or_not(tmp_path):
    one = write_tar(tmp_path / "a-0.tar", {"0.png": b"", "0.cls": b"1", "x/1.0.jpg": b""})
    other = write_tar(tmp_path / "a-1.tar", {"0.png": b""})
    expected = [f"{one}/0.png", f"{one}/x/1.0.jpg", f"{other}/0.png"]
    for source in (tmp_path, tmp_path / "a-{0..1}.tar", tmp_path / "*.tar"):
        assert find_pictures([source]).files == expected
    assert find_pictures([expected[1]]).files == [expected[1]]


def test_what_is_not_there_is_one_line(tmp_path):
    write_tar(tmp_path / "a.tar", {"0.cls": b"1"})
    for source, said in (
        ("a.tar/2.png", "a.tar holds no such picture"),
        ("b-*.tar", "there is no such shard"),
        ("a.tar", "contains no pictures"),
        ("c.png", "No such file"),
    ):
        with pytest.raises(DataError, match=said):
            find_pictures([tmp_path / source])


def test_what_is_secret_in_urls_of_a_list_is_not_in_their_names(monkeypatch):
    listed = b"https://me:secret@host/a.jpg?X-Amz-Signature=hidden\nb.jpg\n"
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(listed)))
    assert find_pictures(["-"]).files == ["https://host/a.jpg", "b.jpg"]


def test_names_that_end_in_nul_are_taken_as_they_are(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a.jpg\r\0b.jpg\0")))
    assert find_pictures(["-"]).files == ["a.jpg\r", "b.jpg"]


def test_a_list_of_nothing_but_folders_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(bytes(tmp_path) + b"\n")))
    with pytest.raises(DataError, match="standard input names folders only: name a folder without"):
        find_pictures(["-"])
