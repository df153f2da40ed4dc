"""Duplicates between parts, classes and within them: what is found, counted and reported."""

import shutil

import numpy as np
import photographs
import pytest
from PIL import Image

from nin.data.duplicate_detection.duplicate_report import (
    conflict_line,
    leak_lines,
    pair_line,
    report,
    within_line,
)
from nin.data.duplicate_detection.duplicates import find_duplicates
from nin.data.folders.listing import list_folder


@pytest.fixture
def scenes(tmp_path):
    """Three pictures of each class in each part, no two alike; a function adds copies of them."""
    root = tmp_path / "scenes"
    random = np.random.default_rng(0)
    for part in ("train", "validation", "test"):
        for name in ("hat", "shoe"):
            (root / part / name).mkdir(parents=True)
            for number in range(3):
                photographs.scene(random).save(root / part / name / f"{number}.png")
    return root


def copied(root, source, target):
    """A copy by bytes; by pixels where the ending differs; by sight, smaller, if it is a JPEG."""
    if target.endswith(".png"):
        shutil.copy(root / source, root / target)
        return
    picture = Image.open(root / source)
    small = picture.resize((64, 48)) if target.endswith(".jpg") else picture
    small.save(root / target)


def found(root, **settings):
    return find_duplicates(list_folder(root).parts, **settings)


def test_a_folder_without_any(scenes):
    duplicates = found(scenes)
    assert duplicates.groups == ()
    assert duplicates.leaks == duplicates.conflicts == []
    assert duplicates.record() == {
        "near_copies": True,
        "groups": 0,
        "leaks": [],
        "under_two_classes": 0,
    }
    assert within_line(duplicates) is None


def test_each_kind_is_counted_and_told(scenes):
    copied(scenes, "train/hat/0.png", "test/hat/same.png")
    copied(scenes, "train/hat/1.png", "test/hat/pixels.bmp")
    copied(scenes, "train/hat/2.png", "test/shoe/near.jpg")
    copied(scenes, "train/shoe/0.png", "validation/shoe/same.png")
    copied(scenes, "validation/shoe/1.png", "test/shoe/same.png")
    copied(scenes, "train/shoe/2.png", "train/shoe/again.png")
    copied(scenes, "train/shoe/2.png", "train/shoe/near.jpg")
    duplicates = found(scenes)
    assert duplicates.record()["leaks"] == [
        {"part": "test", "in": "train", "pictures": 3},
        {"part": "test", "in": "validation", "pictures": 1},
        {"part": "validation", "in": "train", "pictures": 1},
    ]
    assert leak_lines(duplicates, {"train": 8, "validation": 7, "test": 10}) == [
        "3 of the 10 pictures of test are in train, too (2 the same, 1 near copy)",
        "1 of the 10 pictures of test is in validation, too (1 the same)",
        "1 of the 7 pictures of validation is in train, too (1 the same)",
    ]
    lines = [pair_line(twins, scenes) for twins in duplicates.leaks]
    assert set(lines[:3]) == {
        "test/hat/pixels.bmp is the same as train/hat/1.png",
        "test/hat/same.png is the same as train/hat/0.png",
        "test/shoe/same.png is the same as validation/shoe/1.png",
    }
    assert lines[3:] == [
        "test/shoe/near.jpg is a near copy of train/hat/2.png",
        "validation/shoe/same.png is the same as train/shoe/0.png",
    ]
    assert conflict_line(duplicates, ("hat", "shoe"), scenes) == (
        "the same picture is in two classes, once (1 near copy):"
        " train/hat/2.png (hat) and test/shoe/near.jpg (shoe)"
    )
    assert within_line(duplicates) == (
        "2 pictures are copies of others of their class (1 the same, 1 near copy)"
    )
    first = duplicates.groups[0]
    assert (len(first.parts), len(first.labels)) == (2, 2)
    assert [len(group.pictures) for group in duplicates.groups] == [2, 2, 2, 2, 2, 3]


def test_the_same_picture_comes_before_a_near_copy(scenes):
    copied(scenes, "train/hat/0.png", "train/hat/near.jpg")
    copied(scenes, "train/hat/0.png", "validation/hat/same.png")
    shutil.copy(scenes / "train/hat/near.jpg", scenes / "test/hat/near.jpg")
    leaks = found(scenes).leaks
    assert [pair_line(twins, scenes) for twins in leaks] == [
        "test/hat/near.jpg is the same as train/hat/near.jpg",
        "validation/hat/same.png is the same as train/hat/0.png",
    ]


def test_without_near_copies_nothing_is_decoded_but_the_same(scenes, monkeypatch):
    copied(scenes, "train/hat/0.png", "test/hat/same.png")
    copied(scenes, "train/hat/1.png", "test/hat/near.jpg")
    decoded = []
    monkeypatch.setattr(
        "nin.data.duplicate_detection.duplicates.decode",
        lambda path, size: decoded.append((path, size)),
    )
    duplicates = found(scenes, near=False)
    assert [len(group.pictures) for group in duplicates.groups] == [2]
    assert duplicates.record()["near_copies"] is False
    assert decoded == [(str(scenes / "train/hat/0.png"), 1)]


@pytest.mark.parametrize("near", [True, False])
def test_what_is_no_picture_is_no_duplicate(scenes, near):
    for path in ("train/hat/bad.png", "test/hat/bad.png"):
        (scenes / path).write_bytes(b"no picture")
    duplicates = found(scenes, near=near)
    assert duplicates.groups == ()
    assert set(duplicates.faults) == {
        str(scenes / "train/hat/bad.png"),
        str(scenes / "test/hat/bad.png"),
    }


def test_the_report_names_every_picture(scenes):
    copied(scenes, "train/hat/0.png", "test/shoe/same.png")
    duplicates = found(scenes)
    (group,) = report(duplicates, ("hat", "shoe"), scenes, split=True)["groups"]
    assert group == {
        "same": True,
        "distance": 0,
        "pictures": [
            {"file": "train/hat/0.png", "part": "train", "class": "hat"},
            {"file": "test/shoe/same.png", "part": "test", "class": "shoe"},
        ],
    }
    (group,) = report(duplicates, ("hat", "shoe"), scenes, split=False)["groups"]
    assert {each["part"] for each in group["pictures"]} == {None}


def test_small_pictures_of_the_same_pixels_are_the_same(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 3), np.uint8)
    for pixels, name in zip(noise, ("train/a", "train/b", "test/a", "test/b"), strict=True):
        (tmp_path / name).mkdir(parents=True)
        Image.fromarray(pixels).save(tmp_path / name / "0.png")
    Image.fromarray(noise[0]).save(tmp_path / "test/a/again.bmp")
    [twins] = found(tmp_path).leaks
    assert twins.is_same
