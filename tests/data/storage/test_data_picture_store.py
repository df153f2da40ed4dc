"""The bytes of a picture by its name; here of files."""

import os
from pathlib import Path

import pytest

from nin.data.storage.picture_store import (
    SMALL_BYTES,
    WAITING,
    is_stored,
    open_stored,
    read_picture,
    read_pieces,
    stored_size,
    threads_to_read,
)


def test_a_file_is_read_whole_in_pieces_and_as_a_file(tmp_path):
    (tmp_path / "a.png").write_bytes(bytes(range(100)))
    name = str(tmp_path / "a.png")
    assert read_picture(name) == read_picture(Path(name)) == bytes(range(100))
    assert read_pieces(name, [(0, 3), (98, 50), (200, 5)]) == [bytes([0, 1, 2]), b"bc", b""]
    assert stored_size(name) == 100
    assert is_stored(name)
    with open_stored(name) as file:
        file.seek(50)
        assert file.read(1) == b"2"


@pytest.mark.parametrize(
    "ask", [read_picture, open_stored, stored_size, lambda name: read_pieces(name, [(0, 1)])]
)
def test_what_is_missing_is_said_by_the_system(tmp_path, ask):
    assert not is_stored(tmp_path / "none.png")
    with pytest.raises(FileNotFoundError, match="No such file"):
        ask(str(tmp_path / "none.png"))


def test_pieces_of_a_pipe_are_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="ordinary"):
        read_pieces(str(tmp_path / "pipe"), [(0, 1)])


def test_one_thread_reads_small_files_and_more_read_large_or_distant_ones(tmp_path):
    names = [str(tmp_path / f"{number}.jpg") for number in range(100)]
    assert threads_to_read(names, 4) == 4, "nothing is known of files that are missing"
    for name in names:
        Path(name).write_bytes(bytes(SMALL_BYTES - 1))
    assert threads_to_read(names, 4) == 1
    assert threads_to_read([f"https://pictures.example/{name}" for name in names], 4) == WAITING
    for name in names[::2]:
        Path(name).write_bytes(bytes(SMALL_BYTES))
    assert threads_to_read(names, 4) == 4
    assert threads_to_read([], 4) == 4
