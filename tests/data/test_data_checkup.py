"""`check_folder`: what it says of a folder, in words and as JSON."""

import json
import shutil

import numpy as np
import photographs
import pytest
from PIL import Image

from nin.data.checkup import check_folder


@pytest.fixture
def root(tmp_path):
    """Two classes of pictures in two parts, of different sizes and kinds."""
    random = np.random.default_rng(0)
    root = tmp_path / "scenes"
    for part, sizes in (("train", ((90, 60), (40, 50), (64, 64))), ("test", ((70, 70),))):
        for name in ("hat", "shoe"):
            (root / part / name).mkdir(parents=True)
            for size in sizes:
                picture = photographs.scene(random, size)
                picture.save(root / part / name / f"{size[0]}.jpg", quality=95)
    grey = photographs.scene(random, (64, 64)).convert("L")
    grey.save(root / "train/hat/grey.png")
    return root


def test_a_good_folder(root):
    check = check_folder(root, 64)
    assert not check.is_wrong
    assert check.text().splitlines() == [
        f"{root}: 9 pictures in 2 classes; train 7, test 2",
        "class     train      test",
        "hat           4         1",
        "shoe          3         1",
        "formats: JPEG 8, PNG 1; pixels: colour 8, grey 1",
        "sizes: from 40×50 to 90×60, median 64×64 (width×height)",
        "4 of them have a side below 64 pixels, the size at which nin train takes them, and are"
        " enlarged",
        "all can be read",
        "no duplicate pictures",
    ]
    report = json.loads(json.dumps(check.report()))
    assert report["sizes"] == {"smallest": [40, 50], "median": [64, 64], "largest": [90, 60]}
    assert report["below_image_size"] == {"image_size": 64, "pictures": 4}
    assert report["formats"] == {"JPEG": 8, "PNG": 1}
    assert report["per_class"]["train"] == {"hat": 4, "shoe": 3}
    assert report["unreadable"] == []
    assert report["duplicates"]["groups"] == []


def test_what_is_wrong_is_named(root):
    (root / "train/hat/bad.jpg").write_bytes(b"no picture")
    cut = (root / "train/hat/90.jpg").read_bytes()
    (root / "test/shoe/cut.jpg").write_bytes(cut[: len(cut) // 2])
    shutil.copy(root / "train/hat/40.jpg", root / "test/hat/same.jpg")
    (root / "train/hat/Thumbs.db").touch()
    check = check_folder(root, 16)
    assert check.is_wrong
    text = check.text()
    assert "left out: Thumbs.db 1" in text
    assert "below 16 pixels" not in text
    assert "\n2 cannot be read:\n  train/hat/bad.jpg: not a " in text
    assert "\n  test/shoe/cut.jpg: " in text
    assert (
        "\n1 of the 4 pictures of test is in train, too (1 the same)\n"
        "  test/hat/same.jpg is the same as train/hat/40.jpg" in text
    )
    assert len(check.report()["unreadable"]) == 2


def test_copies_within_a_class_are_told_and_not_wrong(root):
    shutil.copy(root / "train/hat/40.jpg", root / "train/hat/again.jpg")
    check = check_folder(root, 16)
    assert not check.is_wrong
    assert check.text().endswith("1 picture is a copy of another of its class (1 the same)")


def test_a_folder_that_is_not_divided(root):
    shutil.copy(root / "train/hat/40.jpg", root / "train/shoe/hat.jpg")
    check = check_folder(root / "train", 16)
    assert "class  pictures\nhat           4\nshoe          4\n" in check.text()
    (group,) = check.report()["duplicates"]["groups"]
    assert {each["part"] for each in group["pictures"]} == {None}
    assert check.is_wrong
    assert (
        "the same picture is in two classes, once (1 the same): hat/40.jpg (hat) and"
        in check.text()
    )


def test_nothing_of_it_can_be_read(tmp_path):
    for name in ("hat", "shoe"):
        (tmp_path / "bad" / name).mkdir(parents=True)
        (tmp_path / "bad" / name / "0.jpg").write_bytes(b"no picture")
    check = check_folder(tmp_path / "bad", 16)
    assert check.is_wrong
    assert check.report()["sizes"] == {}
    assert "sizes" not in check.text()
    assert "2 cannot be read:" in check.text()


def test_the_sheet_is_written_only_if_there_is_something_on_it(root, tmp_path):
    sheet = tmp_path / "sheet.png"
    assert not check_folder(root, 16).save_sheet(sheet)
    assert not sheet.exists()
    shutil.copy(root / "train/hat/40.jpg", root / "test/hat/same.jpg")
    assert check_folder(root, 16).save_sheet(sheet)
    with Image.open(sheet) as picture:
        assert picture.width > 300
