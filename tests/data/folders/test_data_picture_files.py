"""Which files are pictures: by the ending of the name, or by the first bytes."""

import os
from contextlib import contextmanager

import pytest
from PIL import Image

from nin.data.folders import picture_files
from nin.data.folders.picture_files import LeftOut, pictures_below

BEGINNINGS = {
    "jpeg": b"\xff\xd8\xff\xe0",
    "png": b"\x89PNG\r\n\x1a\n",
    "gif": b"GIF89a",
    "webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "tiff": b"MM\0*",
    "heic": b"\0\0\0\x18ftypheic",
    "avif": b"\0\0\0\x1cftypavif",
    "jp2": b"\0\0\0\x0cjP  \r\n\x87\n",
    "jxl": b"\0\0\0\x0cJXL \r\n\x87\n",
    "pgm": b"P5\n# made by hand\n6 6\n255\n",
    "ppm": b"P3 6 6 255",
}


def found(folder):
    left_out = LeftOut()
    return len(pictures_below(str(folder), left_out)), dict(left_out)


def test_what_may_not_be_read_is_counted_by_its_ending(tmp_path, monkeypatch):
    (tmp_path / "notes.txt").touch()

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(picture_files.Path, "open", refuse)
    assert found(tmp_path) == (0, {".txt files": 1})


def test_what_a_training_in_the_folder_leaves_there_is_no_class(tmp_path):
    for name in ("cat/a", "dog/a", "runs/photos-1/curves", "elsewhere/curves", "report/mistakes"):
        (tmp_path / name).parent.mkdir(parents=True)
        Image.new("RGB", (3, 3)).save(tmp_path / f"{name}.png")
    for name in ("runs/photos-1", "elsewhere"):
        (tmp_path / name / "run.json").write_text('{"recipe": {}}')
    (tmp_path / "report/evaluation.json").write_text('{"confusion": []}')
    for name in ("runs/sweep", "widths"):
        (tmp_path / name / "trainings").mkdir(parents=True)
    for name in ("a.json", ".DS_Store", ".a.json.part"):
        (tmp_path / "widths/trainings" / name).touch()
    (tmp_path / "runs/photos-2").mkdir()
    for name in (".DS_Store", "notes.txt"):
        (tmp_path / "runs" / name).touch()
    assert found(tmp_path) == (2, {"files of runs": 11})
    # Classes may be called so, and hold files that are called so.
    Image.new("RGB", (3, 3)).save(tmp_path / "runs/a.png")
    (tmp_path / "cat/run.json").write_text("{}")
    (tmp_path / "dog/trainings").mkdir()
    pictures, left_out = found(tmp_path)
    assert (pictures, left_out["files of runs"]) == (3, 10)
    (tmp_path / "runs/a.png").rename(tmp_path / "runs/a")
    assert found(tmp_path)[0] == 3, "a picture by its first bytes"
    # An evaluation beside the classes of the test, which it was written for.
    (tmp_path / "test").mkdir()
    (tmp_path / "cat").rename(tmp_path / "test/cat")
    (tmp_path / "test/evaluation.json").write_text('{"confusion": []}')
    assert found(tmp_path)[0] == 3


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_names_without_endings_are_known_by_their_beginning(tmp_path, kind):
    (tmp_path / "IMG 0001").write_bytes(BEGINNINGS[kind])
    (tmp_path / "copy.of").write_bytes(BEGINNINGS[kind])
    assert found(tmp_path) == (2, {})


def test_bitmaps_without_endings(tmp_path):
    Image.new("RGB", (3, 3)).save(tmp_path / "x", "BMP")
    (tmp_path / "y").write_bytes(b"BMW cars are no bitmaps, whatever they begin with")
    assert found(tmp_path) == (1, {"files that are not pictures": 1})


@pytest.mark.parametrize(
    "ending",
    [
        "JPG",
        "Jfif",
        "png",
        "webp",
        "gif",
        "bmp",
        "tif",
        "heic",
        "HIF",
        "avif",
        "jp2",
        "jxl",
        "ppm",
        "PGM",
        "pbm",
        "pnm",
        "tga",
    ],
)
def test_endings_that_are_taken_unread(tmp_path, ending):
    (tmp_path / f"x.{ending}").touch()
    assert found(tmp_path) == (1, {})


def test_what_is_no_picture_is_counted_by_its_ending(tmp_path):
    for name in ("a.txt", "b.TXT", "c.xml", "d", "e.a long ending", "P1.md"):
        (tmp_path / name).write_bytes(b"P5 is a name, too")
    assert found(tmp_path) == (
        0,
        {".txt files": 2, ".xml files": 1, "files that are not pictures": 2, ".md files": 1},
    )


def test_negatives_of_cameras_are_no_pictures(tmp_path):
    (tmp_path / "x.NEF").write_bytes(BEGINNINGS["tiff"])
    assert found(tmp_path) == (0, {".nef files": 1})


def test_endings_without_number_are_counted_together(tmp_path):
    for number in range(40):
        (tmp_path / f"x.{number:03}").touch()
    count, left_out = found(tmp_path)
    assert (count, sum(left_out.values())) == (0, 40)
    assert len(left_out) == 13


def test_a_pipe_is_no_picture_whatever_it_is_called(tmp_path):
    os.mkfifo(tmp_path / "x.png")
    os.mkfifo(tmp_path / "y")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path) == (1, {".png files": 1, "files that are not pictures": 1})


def test_names_that_were_read_are_reported(tmp_path, monkeypatch):
    reported = []

    @contextmanager
    def progress(*_):
        yield reported.append

    monkeypatch.setattr(picture_files, "progress", progress)
    monkeypatch.setattr(picture_files, "_REPORTED_AT_ONCE", 4)
    for number in range(10):
        (tmp_path / f"{number}.jpg").touch()
    with picture_files.showing_progress():
        assert len(pictures_below(str(tmp_path), LeftOut())) == 10
    pictures_below(str(tmp_path), LeftOut())
    assert reported == [4, 4, 2]


def test_names_that_differ_in_their_form_alone_have_an_order(tmp_path):
    names = ["\u00e9.jpg", "e\u0301.jpg"]
    for name in names:
        (tmp_path / name).write_bytes(BEGINNINGS["jpeg"])
    found = pictures_below(str(tmp_path), LeftOut())
    assert found == [str(tmp_path / name) for name in sorted(names)]
