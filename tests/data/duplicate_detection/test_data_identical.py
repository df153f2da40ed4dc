"""Files with the same bytes."""

import numpy as np

from nin.data.duplicate_detection.identical import identical_files
from nin.data.folders.content import digest_files


def test_the_first_of_the_same_bytes(tmp_path):
    contents = {
        "a": b"one" * 3000,
        "b": b"two" * 3000,
        "c": b"one" * 3000,
        "end alone": b"xne" + b"one" * 2999,
        "size alone": b"own" * 3000,
        "d": b"one" * 3000,
        "short": b"one",
        "short too": b"one",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / name) for name in contents]
    assert identical_files(paths).tolist() == [0, 1, 0, 3, 4, 0, 6, 6]
    assert identical_files(paths, digest_files(paths)).tolist() == [0, 1, 0, 3, 4, 0, 6, 6]
    # Digests tell what may be the same, and no more.
    assert identical_files(paths, np.zeros(8, np.uint64)).tolist() == [0, 1, 0, 3, 4, 0, 6, 6]


def test_nothing_is_the_same_as_an_empty_or_a_missing_file(tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "empty too").touch()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    names = ("empty", "gone", "empty too", "gone")
    paths = [str(tmp_path / name) for name in names]
    assert identical_files(paths).tolist() == [0, 1, 2, 3]
    assert identical_files(paths, digest_files(paths)).tolist() == [0, 1, 2, 3]


def test_no_files():
    assert identical_files([]).tolist() == []
